"""Drawing the PDF: from plain values, so that it can be tested without a database.

Everything that is printed comes from the signed snapshot: what the paper says is what was sealed. The paper is a way to the
prescription, not the prescription: it says so.
"""

import io
import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import segno
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from fpdf import FPDF

from elmed.core import quantities
from elmed.medications.units import amount

FONTS = Path(__file__).parent / "fonts"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MARGIN, _WIDTH = 18, 174  # millimetres of an A4 sheet


@dataclass(frozen=True)
class Printed:
    """What is not in the snapshot: where it is kept, what it is called there, how it stands now."""

    site: str
    reference: str
    status: str
    printed_at: datetime
    language: str  # the words', which a screen reader chooses its voice by
    test: bool = False  # it belongs to a test world
    demonstration: bool = False  # a medicine of it came from demonstration data
    recorded: tuple[str, date] | None = None  # name and birth date, where the record was corrected since the signature


def pdf(snapshot: str, about: Printed) -> bytes:
    """The sheet of one signed prescription. Raises ValueError where the snapshot is none."""
    signed = json.loads(snapshot)
    page = _Sheet(about, title=f"{_('Prescription')} {about.reference}")
    page.head(signed, about)
    page.lines(signed["medications"])
    page.rest(signed)
    return bytes(page.output())


class _Sheet(FPDF):
    """An A4 sheet with ELMED's fonts, which cover Latin, Greek, Cyrillic and Arabic letters."""

    def __init__(self, about: Printed, *, title: str) -> None:
        super().__init__(format="A4")
        self.about = about
        self.add_font("DejaVu", "", FONTS / "DejaVuSans.ttf")
        self.add_font("DejaVu", "B", FONTS / "DejaVuSans-Bold.ttf")
        self.set_text_shaping(True)  # Arabic letters are joined, and run from right to left
        self.set_title(title)
        self.set_creator(about.site)
        self.set_lang(about.language)
        self.set_creation_date(about.printed_at)
        self.set_margin(_MARGIN)
        self.set_auto_page_break(True, margin=24)
        self.add_page()

    def footer(self) -> None:
        """On each page: which prescription, that paper alone is none, and the page's number."""
        if self.about.test:
            self.set_y(4)
            self.set_font("DejaVu", "B", 14)
            self.cell(_WIDTH, 8, _("TEST – not a real prescription"), border=1, align="C")
        self.set_y(-20)
        self.set_font("DejaVu", "", 8)
        self.multi_cell(
            _WIDTH, 4,
            f"{self.about.site} · {self.about.reference} · {_moment(self.about.printed_at)} · {self.page_no()}/{{nb}}\n"
            + _("This paper shows an electronic prescription. A pharmacy supplies only what the electronic one still allows."),
            new_x="LMARGIN", new_y="NEXT",
        )  # fmt: skip

    def head(self, signed: dict[str, Any], about: Printed) -> None:
        """Reference with its QR code, patient, prescriber, validity."""
        signed_at = datetime.fromisoformat(signed["issued_at"]).astimezone(about.printed_at.tzinfo)
        code = io.BytesIO()
        # Never a Micro QR code, which few scanners read.
        segno.make_qr(about.reference, error="m").save(code, kind="png", scale=8, border=2)
        code.seek(0)
        self.image(code, x=210 - _MARGIN - 34, y=_MARGIN - 4, w=34, alt_text=about.reference)
        self._words(_("Prescription"), size=18, bold=True)
        if about.demonstration:
            self._words(_("Demonstration data, not for clinical use."), size=11, bold=True)
        self._words(about.reference, size=14, bold=True)
        self._words(
            _("%(status)s · signed %(moment)s") % {"status": about.status, "moment": _moment(signed_at)}, size=10
        )
        self.ln(12)
        patient, doctor = signed["patient"], signed["prescriber"]
        self._pair(_("Patient"), patient["name"], bold=True)
        self._pair(_("Born"), _day(patient["date_of_birth"]), bold=True)
        if about.recorded:
            name, born = about.recorded
            words = _("%(name)s, born %(day)s: the record was corrected since. A web shop asks for this date.")
            self._pair(_("Now"), words % {"name": name, "day": _day(born.isoformat())}, bold=True)
        licence = " ".join(word for word in (doctor.get("licence_body"), doctor.get("licence_number")) if word)
        self._pair(_("Prescriber"), ", ".join(word for word in (doctor["name"], licence, doctor.get("phone")) if word))
        self._pair(_("Valid"), f"{_day(signed['valid_from'])} – {_day(signed['valid_until'])}")
        if signed["repeats_allowed"]:
            days = signed["minimum_dispense_interval_days"]
            apart = ", " + _("at least %(days)s days apart") % {"days": days} if days else ""
            self._pair(_("Repeats"), f"{signed['repeats_allowed']}{apart}")
        if signed["is_controlled"]:
            self._pair(_("Controlled"), _("yes"), bold=True)
        self.ln(4)

    def lines(self, lines: list[dict[str, Any]]) -> None:
        """Each medicine: its name, the sentence the patient reads, the quantity."""
        for number, line in enumerate(lines, start=1):
            self.set_draw_color(150)
            self.line(_MARGIN, self.get_y(), _MARGIN + _WIDTH, self.get_y())
            self.ln(2)
            self._words(f"{number}.  {line['medication']['text']}", size=12, bold=True)
            self._words(line["dosage_instruction"], size=11)
            quantity = amount(quantities.parse(line["quantity"]["value"]), line["quantity"]["unit"])
            extra = [word for word in (line["medication"]["route"], _days(line["days_supply"])) if word]
            if line["is_controlled"]:
                extra.append(_("controlled"))
            if not line["substitution"]["allowed"]:
                why = line["substitution"]["reason"]
                extra.append(f"{_('do not substitute')}: {why}" if why else _("do not substitute"))
            self._words(" · ".join([f"{_('Quantity')}: {quantity}", *extra]), size=10)
            self.ln(2)

    def rest(self, signed: dict[str, Any]) -> None:
        """For whom it is: no diagnosis and no notes, for the paper goes through many hands."""
        self.ln(2)
        count = len(signed["medications"])
        words = ngettext("%(count)s medicine, sealed by %(site)s.", "%(count)s medicines, sealed by %(site)s.", count)
        self._words(words % {"count": count, "site": self.about.site}, size=9)

    def _words(self, words: str, *, size: float, bold: bool = False) -> None:
        self.set_font("DejaVu", "B" if bold else "", size)
        narrow = self.page_no() == 1 and self.get_y() < _MARGIN + 30
        self.multi_cell(_WIDTH - 40 if narrow else _WIDTH, size * 0.55, words, new_x="LMARGIN", new_y="NEXT", align="L")

    def _pair(self, name: str, words: str, *, bold: bool = False) -> None:
        self.set_font("DejaVu", "", 10)
        self.cell(30, 6, name)
        self.set_font("DejaVu", "B" if bold else "", 10)
        self.multi_cell(_WIDTH - 30, 6, words, new_x="LMARGIN", new_y="NEXT", align="L")


def _day(text: str) -> str:
    """`03-Feb-1961`."""
    day = date.fromisoformat(text)
    return f"{day.day:02d}-{_MONTHS[day.month - 1]}-{day.year}"


def _moment(moment: datetime) -> str:
    return f"{moment.day:02d}-{_MONTHS[moment.month - 1]}-{moment.year} {moment:%H:%M}"


def _days(days: int | None) -> str:
    return ngettext("for %(days)s day", "for %(days)s days", days) % {"days": days} if days else ""
