"""A row of a formulary, whatever file it came from, and how a CSV row is read. Pure: no database.

The columns are documented in docs/reference/formulary-files.md. Called by importing.py, demonstration.py, rxnorm.py.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import CharField

from elmed.core import quantities
from elmed.medications.facts import MG
from elmed.medications.folding import folded, sort_key
from elmed.medications.models import Interaction, Medicine, System, Tier

TRUE, FALSE = {"yes", "y", "true", "1"}, {"no", "n", "false", "0", ""}
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_MASS = re.compile(rf"({_NUMBER})\s*(micrograms?|mcg|mg|g)(?:\s*/\s*({_NUMBER})?\s*([a-z]+))?", re.IGNORECASE)
_INGREDIENT = re.compile(r"\s*([^\[\];]+?)\s*\[([^\]]*)\]\s*([^;]*)")
_CODE = re.compile(r"(ATC|RxNorm|local):[\w.\-]{1,40}")


class RowError(ValueError):
    """What a row lacks, each with its column."""

    def __init__(self, problems: list[str]) -> None:
        """All of them at once."""
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class MedicineRow:
    """Everything that a source says of a medicine, under the names of Medicine's fields."""

    item: str
    code: str
    system: str
    name: str
    unit: str
    dose_unit: str
    tall_man: str = ""
    brand: str = ""
    brands: tuple[str, ...] = ()
    strength: str = ""
    form: str = ""
    route: str = ""
    doses_per_unit: int | None = None
    ingredients: tuple[Mapping[str, Any], ...] = ()
    is_controlled: bool = False
    weekly_only: bool = False
    max_single_milli: int | None = None
    max_daily_milli: int | None = None
    max_daily_per_kg_milli: int | None = None
    usual_days: int | None = None
    max_days: int | None = None
    limits_source: str = ""
    pack_sizes: tuple[str, ...] = ()

    @property
    def found_by(self) -> str:
        """Its name first, then its brands and what is in it: co-codamol is found as codeine, too."""
        return " ".join([self.name, self.brand, *self.brands, *(str(one["name"]) for one in self.ingredients)])

    def fields(self) -> dict[str, Any]:
        """What is stored: the columns and what is derived from them."""
        values = asdict(self) | {
            "brands": list(self.brands), "pack_sizes": list(self.pack_sizes), "ingredients": [dict(i) for i in self.ingredients],
        }  # fmt: skip
        search = folded(" ".join([self.found_by, self.strength, self.form]))
        return values | {
            "search_text": f" {search}"[:600],
            "sort_key": sort_key(self.name, self.form, self.strength),
            "fingerprint": hashlib.sha256(repr(values).encode()).hexdigest()[:32],
        }


COLUMNS = (
    "id", "code", "system", "name", "tall_man", "brand", "brands", "strength", "form", "route", "unit", "dose_unit",
    "doses_per_unit", "ingredients", "controlled", "weekly_only", "max_single_mg", "max_daily_mg",
    "max_daily_mg_per_kg", "usual_days", "max_days", "limits_source", "pack_sizes",
)  # fmt: skip
REQUIRED = ("id", "code", "system", "name", "unit", "ingredients")
_LENGTHS: dict[str, int] = {
    field.name: field.max_length
    for field in Medicine._meta.fields
    if isinstance(field, CharField) and field.max_length and field.name in {one.name for one in fields(MedicineRow)}
}


def medicine(cells: Mapping[str, str]) -> MedicineRow:
    """One row of a CSV file. Raises RowError with everything that is wrong in it."""
    text = {name: cells.get(name, "").strip() for name in COLUMNS}
    problems = [f"{name}: is needed" for name in REQUIRED if not text[name]]
    if text["system"] and text["system"] not in System.values:
        problems.append(f"system: one of {', '.join(System.values)}")
    if text["name"] != text["name"].lower():
        problems.append("name: generic names are lower case; tall-man letters have their own column")
    if text["tall_man"] and text["tall_man"].lower() != text["name"]:
        problems.append("tall_man: the same letters as the name")
    read = _Reader(text, problems)
    dose_unit = text["dose_unit"] or text["unit"]
    limits = {f"{name}_milli": read.milli(f"{name}_mg") for name in ("max_single", "max_daily")}
    limits["max_daily_per_kg_milli"] = read.milli("max_daily_mg_per_kg")
    values: dict[str, Any] = {
        **{
            name: text[name]
            for name in ("code", "system", "name", "tall_man", "brand", "strength", "form", "route", "unit")
        },
        **limits,
        "item": text["id"],
        "dose_unit": dose_unit,
        "doses_per_unit": read.whole("doses_per_unit"),
        "brands": _listed(text["brands"]),
        "ingredients": read.ingredients(dose_unit),
        "is_controlled": read.flag("controlled"),
        "weekly_only": read.flag("weekly_only"),
        "usual_days": read.whole("usual_days"),
        "max_days": read.whole("max_days"),
        "limits_source": text["limits_source"],
        "pack_sizes": read.packs(),
    }
    if any(one is not None for one in (*limits.values(), values["max_days"])) and not text["limits_source"]:
        problems.append("limits_source: say where the limits were read")
    problems += [
        f"{name}: at most {most} characters" for name, most in _LENGTHS.items() if len(str(values[name])) > most
    ]
    if problems:
        raise RowError(problems)
    return MedicineRow(**values)


class _Reader:
    """Reads cells; what cannot be read is added to the problems."""

    def __init__(self, text: Mapping[str, str], problems: list[str]) -> None:
        self.text, self.problems = text, problems

    def milli(self, name: str) -> int | None:
        """Thousandths of a decimal."""
        return self._read(name, quantities.parse, "a decimal such as 500 or 0.5")

    def whole(self, name: str) -> int | None:
        """A whole number from 1 to 1000."""
        value = self._read(name, int, "a whole number")
        if value is not None and not 1 <= value <= 1000:
            self.problems.append(f"{name}: from 1 to 1000")
            return None
        return value

    def _read(self, name: str, how: Any, wanted: str) -> int | None:
        try:
            return int(how(self.text[name])) if self.text[name] else None
        except ValueError:
            self.problems.append(f"{name}: {wanted}")
            return None

    def flag(self, name: str) -> bool:
        """Yes or no; empty is no."""
        word = self.text[name].lower()
        if word not in TRUE | FALSE:
            self.problems.append(f"{name}: yes or no")
        return word in TRUE

    def packs(self) -> tuple[str, ...]:
        """Pack sizes, as canonical decimals."""
        sizes = _listed(self.text["pack_sizes"])
        for size in sizes:
            try:
                quantities.parse(size)
            except ValueError:
                self.problems.append(f"pack_sizes: {size} is no decimal such as 28")
        return sizes

    def ingredients(self, dose_unit: str) -> tuple[dict[str, Any], ...]:
        """`paracetamol [ATC:N02BE01] 500 mg; codeine [ATC:R05DA04] 8 mg`. One alone takes its mass from the strength."""
        parts = [part for part in self.text["ingredients"].split(";") if part.strip()]
        found = []
        for part in parts:
            match = _INGREDIENT.fullmatch(part)
            codes = [code for code in re.split(r"[\s,|]+", match[2]) if code] if match else []
            if match is None or not all(_CODE.fullmatch(code) for code in codes):
                self.problems.append(f"ingredients: “{part.strip()}” is not written as name [ATC:N02BE01] 500 mg")
                continue
            mass = match[3].strip() or (self.text["strength"] if len(parts) == 1 else "")
            found.append(ingredient(match[1].lower(), codes, mg_per_dose_unit(mass, dose_unit)))
        return tuple(found)


def ingredient(name: str, codes: list[str], mg: Fraction | None) -> dict[str, Any]:
    """As it is stored."""
    return {"name": name, "codes": sorted(codes), "mg": None if mg is None else mass_text(mg)}


def mass_text(mg: Fraction) -> str:
    """A decimal where it ends, else a fraction: `0.0625`, `125/3`."""
    for digits in range(7):
        if (mg * 10**digits).denominator == 1:
            return f"{Decimal(int(mg * 10**digits)).scaleb(-digits):f}"
    return str(mg)


def mg_per_dose_unit(strength: str, dose_unit: str) -> Fraction | None:
    """Milligrams in one unit of dose: `250 mg/5 ml` is 50 a ml. None for percentages, units, and other units of dose."""
    match = _MASS.fullmatch(strength.strip())
    if match is None:
        return None
    unit = "microgram" if match[2].lower().startswith(("microg", "mcg")) else match[2].lower()
    mass = Fraction(match[1]) * MG[unit]
    if match[4] is None:
        return mass if dose_unit != "ml" else None
    if match[4].lower() not in (dose_unit, *({"dose"} if dose_unit in ("puff", "spray", "drop") else ())):
        return None
    per = Fraction(match[3] or 1)
    return mass / per if per else None


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


INTERACTION_COLUMNS = (
    "first_code", "first_name", "second_code", "second_name", "tier", "sentence", "advice", "reference_title",
    "reference_url", "reference_words", "read_on",
)  # fmt: skip


def interaction(cells: Mapping[str, str]) -> Interaction:
    """One pair of a CSV file, unsaved, its codes in order. Raises RowError."""
    text = {name: cells.get(name, "").strip() for name in INTERACTION_COLUMNS}
    problems = [f"{name}: is needed" for name in INTERACTION_COLUMNS if not text[name]]
    for name in ("first_code", "second_code"):
        if text[name] and not _CODE.fullmatch(text[name]):
            problems.append(f"{name}: with its system, for example ATC:B01AA03")
    if text["first_code"] == text["second_code"]:
        problems.append("second_code: another one than the first")
    if text["tier"] and text["tier"] not in Tier.values:
        problems.append(f"tier: one of {', '.join(Tier.values)}")
    if text["reference_url"] and not re.match(r"https?://", text["reference_url"]):
        problems.append("reference_url: an address that begins with https://")
    read_on = None
    try:
        read_on = date.fromisoformat(text["read_on"]) if text["read_on"] else None
    except ValueError:
        problems.append("read_on: a date such as 2026-11-23")
    for field in Interaction._meta.fields:
        most = getattr(field, "max_length", None)
        if field.name in text and most and len(text[field.name]) > most:
            problems.append(f"{field.name}: at most {most} characters")
    if problems:
        raise RowError(problems)
    if text["first_code"] > text["second_code"]:
        for name in ("code", "name"):
            text[f"first_{name}"], text[f"second_{name}"] = text[f"second_{name}"], text[f"first_{name}"]
    return Interaction(**text | {"read_on": read_on})
