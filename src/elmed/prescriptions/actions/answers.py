"""A doctor's answers to warnings: what makes one whole, and how they wait with a draft until it is signed.

An answer belongs to one warning as it was read: where the warning says something else by now (another dose, another
allergy), it is asked for again. Gathered by the composer and the page before the signature; demanded by checked.py.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from elmed.core.refusals import Invalid
from elmed.medications.checks import STOP, Warning
from elmed.prescriptions.actions.words import MAX_REASON
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import Kept

MOST_WAITING = 100


class Answer(NamedTuple):
    """Why a line is kept, and the doctor's words; `mark` is the warning's that was read, empty where no page showed it."""

    why: Kept
    words: str = ""
    mark: str = ""


Waiting = Mapping[tuple[int, str], Answer]  # by the warning's position and mark


def answer_errors(warning: Warning, answer: Answer | None) -> str:
    """What is missing of an answer to this warning; empty where nothing is."""
    if answer is None or answer.mark not in ("", warning.mark):
        return _("Change the line, or say why you keep it.")
    words = answer.words.strip()
    if not words and (warning.tier == STOP or answer.why is Kept.OTHER):
        return _("Say it in words too.")
    return _("At most %(most)s characters.") % {"most": MAX_REASON} if len(words) > MAX_REASON else ""


def answer_of(why: str, words: str, mark: str = "") -> Answer | None:
    """What was typed. Words alone stand for a reason that is not in the list; None where nothing was typed."""
    words = words.replace("\x00", "").strip()
    chosen = Kept(why) if why in set(Kept) else None
    return Answer(chosen or Kept.OTHER, words, mark) if chosen or words else None


def waiting(rx: Prescription) -> Waiting:
    """The answers that were given while the draft was written, whole or not."""
    return {
        (row["position"], row["mark"]): Answer(Kept(row["why"]), row["words"], row["mark"])
        for row in rx.draft_answers or []
    }


def stored(answers: Waiting) -> list[dict[str, Any]]:
    """As a draft keeps them. Raises Invalid where they are too long, or too many."""
    if len(answers) > MOST_WAITING or any(len(one.words) > MAX_REASON for one in answers.values()):
        raise Invalid.field("/answers", "too_long", _("At most %(most)s characters.") % {"most": MAX_REASON})
    return [
        {"position": position, "mark": mark, "why": one.why.value, "words": one.words}
        for (position, mark), one in answers.items()
    ]
