"""What the scenarios, acts and due moments of the test world are called where people read. Words only.

The names that the API takes stand in elmed/sandbox; a test sees to it that each has its words here.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from elmed.prescriptions.vocabulary import Act, Side
from elmed.sandbox.other_side import ANSWER

_UNSEEN = _("Has not looked at it yet.")
_CHECKS = _("Checks it: ready.")
_UNKNOWING = _("Does not know of it.")
_HALF = _("Checks it and hands half of it over.")
_SIGNS = _("Signs it and sends it to the pharmacy.")
_FIRST = _("Checks it and hands the first supply over.")
_WAITS = _("Checked it; has not answered yet.")
_ELSEWHERE = _("The other pharmacy’s pharmacist checks it.")
_MET = _("Meets a patient who is allergic to penicillin, and writes nothing.")


@dataclass(frozen=True)
class Told:
    """A scenario: what it is called, and what each side does in it."""

    title: StrPromise
    doctor: StrPromise
    pharmacist: StrPromise


# By group, as the page shows them.
# fmt: off
GROUPS: tuple[tuple[StrPromise, dict[str, Told]], ...] = (
    (_("To be supplied"), {
        "verified": Told(_("Ready to dispense"), _SIGNS, _CHECKS),
        "two_lines": Told(_("Ready, with two medicines"), _("Signs it with two medicines."), _CHECKS),
        "partial": Told(_("Half of it supplied"), _SIGNS, _HALF),
        "dispensed": Told(_("All of it supplied"), _SIGNS, _("Checks it and hands all of it over.")),
        "controlled": Told(_("A controlled medicine"), _("Signs a controlled medicine."), _CHECKS),
        "no_substitution": Told(_("No substitution allowed"), _("Signs it and allows no substitution."), _CHECKS),
    }),
    (_("Before the pharmacist’s check"), {
        "pending_review": Told(_("Waiting for the check"), _SIGNS, _UNSEEN),
        "issued": Told(_("Signed, sent to no pharmacy"), _("Signs it and sends it to nobody."), _UNKNOWING),
        "replaced": Told(_("Replaced by another"), _("Signs it, then signs another in its place."), _UNSEEN),
    }),
    (_("Where time counts"), {
        "expiring": Told(_("Valid until tomorrow"), _("Signs it, valid until tomorrow."), _CHECKS),
        "expired": Told(_("Expired before anybody came"), _("Signed it a week ago, valid for five days."), _("Checked it; nobody came.")),
        "not_yet_valid": Told(_("Valid from next week"), _("Signs it, valid from next week."), _UNSEEN),
        "repeat": Told(_("A repeat that is not due yet"), _("Signs it with two repeats, 21 days apart."), _FIRST),
    }),
    (_("Questions, cancellations and other ends"), {
        "question": Told(_("The pharmacist asks the doctor"), _SIGNS, _("Pauses it and asks how long the course is meant.")),
        "cancel_race": Told(_("The doctor asks to cancel it now"), _("Asks to cancel it after the check."), _WAITS),
        "replace_race": Told(_("The doctor replaces it now"), _("Signs another in its place after the check."), _WAITS),
        "cancelled": Told(_("Cancelled by the doctor"), _("Signs it, then cancels it before the check."), _UNSEEN),
        "rejected": Told(_("Not accepted by the pharmacist"), _SIGNS, _("Does not accept it, with a reason.")),
        "returned": Told(_("Given back by the pharmacy"), _SIGNS, _("Checks it, then gives it back: not in stock.")),
        "not_dispensed": Told(_("Never collected"), _SIGNS, _("Checks it, then closes it: nobody came.")),
        "stopped": Told(_("Stopped after half of it"), _("Signs it; stops it once half is supplied."), _HALF),
    }),
    (_("For a web shop"), {
        "awaiting_pharmacist": Told(_("Ordered before the check"), _SIGNS, _UNSEEN),
        "reserved": Told(_("Kept for another order"), _SIGNS, _("Checks it; the shop keeps all of it for 15 minutes.")),
        "held_elsewhere": Told(_("At another pharmacy"), _("Signs it and sends it to another pharmacy."), _ELSEWHERE),
        "wrong_dob": Told(_("A wrong date of birth"), _SIGNS, _("Checks it; the shopper gives a wrong date of birth.")),
    }),
    (_("A patient alone"), {
        "patient": Told(_("A patient with an allergy"), _MET, _UNKNOWING),
    }),
)
SCENARIO_WORDS: dict[str, Told] = {name: told for _title, group in GROUPS for name, told in group.items()}

ACT_WORDS: dict[str, StrPromise] = {
    Act.VERIFY: _("Check it: ready"), Act.REJECT: _("Do not accept it"), Act.RETURN: _("Give it back"),
    Act.CLOSE: _("Close it: not collected"), Act.CLOSE_LINE: _("End the rest of a line"), Act.DISPENSE: _("Hand over all that is left"),
    Act.REVERSE: _("Take the last supply back"), Act.CONFIRM_CANCEL: _("Confirm the cancellation"),
    Act.ANSWER_HANDED_OVER: _("Answer: handed over already"), Act.HOLD: _("Pause it"), Act.RESUME: _("End the pause"),
    Act.CANCEL: _("Cancel it"), Act.REQUEST_CANCEL: _("Ask to cancel it"), Act.WITHDRAW_CANCEL: _("Withdraw the request to cancel"),
    Act.STOP: _("Stop it"), Act.REPLACE: _("Sign another in its place"), Act.ROUTE: _("Send it to a pharmacy"),
    ANSWER: _("Answer the pharmacist’s question"),
}
# fmt: on
SIDE_WORDS: dict[Side, StrPromise] = {Side.DOCTOR: _("The doctor"), Side.PHARMACY: _("The pharmacist")}

# By the names of sandbox/clock.py.
DUE_WORDS: dict[str, StrPromise] = {
    "requests to cancel that nobody answered": _("a request to cancel that nobody answered"),
    "reservations that ended": _("a reservation ends"),
    "prescriptions that expired": _("a prescription expires"),
    "batches that expired": _("a batch expires"),
}

# Refusals by their codes: the API's own words speak of its fields.
REFUSED_WORDS: dict[str, StrPromise] = {
    "not_forward": _("The clock only goes forward, by a second at least."),
    "too_far": _("Ten years ahead of real time is the farthest. Empty the test world: its clock then shows real time."),
    "too_much": _("Too much becomes due on the way. Take a smaller step."),
    "unknown_scenario": _("There is no such scenario."),
    "unknown_act": _("There is no such act."),
    "not_its_act": _("That side cannot do this."),
}
