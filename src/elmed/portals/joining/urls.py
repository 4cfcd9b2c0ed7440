"""Pages of joining: registering, invitations, people, licences; and the demo's mails."""

from elmed.portals.joining import mails
from elmed.portals.page import route

urlpatterns = [
    route("mail", mails.mails, "mails"),
]
