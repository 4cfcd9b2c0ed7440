"""The doctor's pages."""

from elmed.portals.doctor import compose, correct, disown, favourites, patients, prescriptions, printed, sign
from elmed.portals.doctor.patients import DOCTOR
from elmed.portals.page import page, route
from elmed.portals.shared.acts import act_view
from elmed.prescriptions.states import TRANSITIONS
from elmed.prescriptions.vocabulary import Act

_ACTS = (Act.HOLD, Act.RESUME, Act.CANCEL, Act.REQUEST_CANCEL, Act.WITHDRAW_CANCEL, Act.STOP)

urlpatterns = [
    route("", prescriptions.home, "doctor_home"),
    route("patients", patients.patients, "doctor_patients"),
    route("patients/find", patients.find, "doctor_patient_find"),
    route("patients/new", patients.new, "doctor_patient_new"),
    route("patients/<int:pk>", patients.patient, "doctor_patient"),
    route("patients/<int:pk>/allergies", patients.allergies, "doctor_allergies"),
    route("patients/<int:pk>/correct", correct.correct, "doctor_correct"),
    route("patients/<int:pk>/consultations/new", patients.consultation, "doctor_consultation"),
    route("patients/<int:pk>/past-medication", patients.past_medication, "doctor_past_medication"),
    route("patients/<int:pk>/sign", sign.basket, "doctor_basket"),
    route("patients/<int:patient_pk>/prescriptions/new", compose.compose, "doctor_compose"),
    route("patients/<int:patient_pk>/prescriptions/check", compose.check, "doctor_check"),
    route("patients/<int:pk>/weight", patients.weight, "doctor_weight"),
    route("not-signed-by-me/<str:token>", disown.disown, "doctor_disown"),
    route("favourites", favourites.favourites, "doctor_favourites"),
    route("lines/<int:pk>/favourite", favourites.add, "doctor_favourite_new"),
    route("prescriptions/<int:pk>/print", printed.printed, "doctor_print"),
    route("prescriptions/<int:pk>/answered", prescriptions.answered, "doctor_answered"),
    route("medicines", compose.medicines, "doctor_medicines"),
    route("prescriptions", prescriptions.prescriptions, "doctor_prescriptions"),
    route("prescriptions/<int:pk>", prescriptions.prescription, "doctor_prescription"),
    route("prescriptions/<int:pk>/edit", compose.edit, "doctor_edit"),
    route("prescriptions/<int:pk>/review", sign.review, "doctor_review"),
    route("prescriptions/<int:pk>/discard", compose.discard, "doctor_discard"),
    route("prescriptions/<int:pk>/route", prescriptions.choose_pharmacy, "doctor_route"),
    route("prescriptions/<int:pk>/replace", compose.replace, "doctor_replace"),
    *(
        route(
            f"prescriptions/<int:pk>/{act.value.replace('_', '-')}",
            page(permission=TRANSITIONS[act].permission, kinds=DOCTOR)(act_view(act, "doctor_prescription")),
            f"doctor_act_{act.value}",
        )
        for act in _ACTS
    ),
]
