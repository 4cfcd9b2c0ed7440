"""Pages of joining: registering, invitations, people, licences; and the demo's mails."""

from elmed.portals.joining import invite_patient, invited, licence, mails, register, staff, waiting
from elmed.portals.page import route

urlpatterns = [
    route("join", register.choose, "join"),
    route("join/sent", register.sent, "join_sent"),
    route("join/terms", register.terms, "terms"),
    route("join/invited/<str:token>", invited.member, "invited_member"),
    route("join/record/<str:token>", invited.patient, "invited_patient"),
    route("join/<slug:kind>", register.register, "join_kind"),
    route("account/registration", waiting.waiting, "waiting"),
    route("account/documents/<int:pk>", waiting.document, "document"),
    route("settings/licence", licence.licence, "licence"),
    route("settings/staff", staff.staff, "staff"),
    route("settings/staff/invite", staff.invite, "staff_invite"),
    route("settings/staff/invitations/<int:pk>/again", staff.again, "staff_invite_again"),
    route("settings/staff/invitations/<int:pk>/revoke", staff.revoke, "staff_invite_revoke"),
    route("settings/staff/<int:pk>", staff.roles, "staff_roles"),
    route("settings/staff/<int:pk>/remove", staff.remove, "staff_remove"),
    route("doctor/patients/<int:pk>/invite", invite_patient.invite, "doctor_patient_invite"),
    route("mail", mails.mails, "mails"),
]
