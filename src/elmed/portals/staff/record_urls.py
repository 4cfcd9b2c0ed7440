"""The pages of ELMED's staff about patients and prescriptions, and their search of what happened."""

from elmed.portals.page import route
from elmed.portals.staff import audit, clinical, corrections, merge, names, take_back, transfer

urlpatterns = [
    route("records", clinical.records, "staff_records"),
    route("records/<int:pk>", clinical.record, "staff_record"),
    route("records/<int:pk>/name", names.patient_name, "staff_patient_name"),
    route("prescriptions/<int:pk>", clinical.prescription, "staff_prescription"),
    route("prescriptions/<int:pk>/correct", corrections.correct, "staff_act_correct"),
    route("prescriptions/<int:pk>/transfer", corrections.transfer, "staff_act_transfer"),
    route("prescriptions/<int:pk>/hold", corrections.hold, "staff_act_hold"),
    route("prescriptions/<int:pk>/resume", corrections.resume, "staff_act_resume"),
    route("prescriptions/<int:pk>/dispenses/<int:dispense_pk>/reverse", take_back.reverse_page, "staff_reverse"),
    route("accounts/<int:pk>/transfer", transfer.transfer, "staff_account_transfer"),
    route("sweeps/<int:pk>", transfer.sweep, "staff_sweep"),
    route("duplicates", merge.find, "staff_merge_find"),
    route("duplicates/<int:pk>/<int:other>", merge.merge, "staff_merge"),
    route("duplicates/<int:pk>", merge.undo, "staff_merge_undo"),
    route("audit", audit.search, "staff_audit"),
]
