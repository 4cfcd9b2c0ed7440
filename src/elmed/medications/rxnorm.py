"""Reading a RxNorm release (RRF files) as rows of a formulary. Streams three files, line by line; no database.

The columns are those of NLM's RxNorm Technical Documentation, section 12 (www.nlm.nih.gov/research/umls/rxnorm/docs):
RXNCONSO 12.4, RXNREL 12.7, RXNSAT 12.5. A relationship is read as *RXCUI2 RELA RXCUI1*. What RxNorm does not hold stays
empty: dose limits, weekly use, controlled status, pack sizes. Strengths in RxNorm are per ML, per ACTUAT (one actuation).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from elmed.core.refusals import Invalid
from elmed.medications.importing import Judged
from elmed.medications.rows import MedicineRow, ingredient, mg_per_dose_unit

FILES = ("RXNCONSO.RRF", "RXNREL.RRF", "RXNSAT.RRF")
# Places of the columns that are read, and how many each line has.
CONSO = {"RXCUI": 0, "SAB": 11, "TTY": 12, "CODE": 13, "STR": 14, "SUPPRESS": 16, "count": 18}
REL = {"RXCUI1": 0, "RXCUI2": 4, "RELA": 7, "SAB": 10, "count": 16}
SAT = {"RXCUI": 0, "ATN": 8, "SAB": 9, "ATV": 10, "count": 13}
TERM_TYPES = ("IN", "BN", "DF", "SCD", "SBD", "SCDC")
RELATIONS = ("consists_of", "has_ingredient", "has_dose_form", "tradename_of")
ATTRIBUTES = ("RXN_AVAILABLE_STRENGTH", "RXN_STRENGTH", "RXN_VET_DRUG", "RXN_HUMAN_DRUG")
_UNITS = {"MG": "mg", "ML": "ml", "MCG": "microgram", "UNT": "unit", "ACTUAT": "dose", "HR": "hour", "MEQ": "mEq"}
# The route that a dose form's name tells; the words that stay are the form.
_ROUTES = {
    "oral": "oral", "sublingual": "sublingual", "buccal": "buccal", "ophthalmic": "ocular", "otic": "otic", "nasal": "nasal",
    "topical": "cutaneous", "transdermal": "transdermal", "rectal": "rectal", "vaginal": "vaginal",
    "inhalation": "inhalation", "inhaler": "inhalation", "injection": "parenteral", "injectable": "parenteral",
    "syringe": "parenteral", "cartridge": "parenteral", "injector": "parenteral", "chewable": "oral",
}  # fmt: skip
# Unit of quantity and unit of dose, by a word of the form.
_COUNTED = {
    "tablet": ("tablet", "tablet"), "capsule": ("capsule", "capsule"), "patch": ("patch", "patch"),
    "system": ("patch", "patch"), "suppository": ("suppository", "suppository"), "lozenge": ("lozenge", "lozenge"),
    "inhaler": ("inhaler", "puff"), "inhalant": ("inhaler", "puff"), "spray": ("bottle", "spray"), "cream": ("g", "application"),
    "ointment": ("g", "application"), "gel": ("g", "application"), "powder": ("sachet", "sachet"),
    "suspension": ("ml", "ml"), "solution": ("ml", "ml"), "syrup": ("ml", "ml"), "elixir": ("ml", "ml"),
}  # fmt: skip


@dataclass
class RxNorm:
    """A release in a folder. `rows` reads it; `skipped` counts what was left out, with the reason."""

    folder: Path
    skipped: Counter[str] = field(default_factory=Counter)
    names: dict[str, dict[str, str]] = field(default_factory=lambda: {tty: {} for tty in TERM_TYPES})
    lines: dict[str, int] = field(default_factory=dict)
    atc: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    related: dict[str, dict[str, list[str]]] = field(
        default_factory=lambda: {relation: defaultdict(list) for relation in RELATIONS}
    )
    attributes: dict[str, dict[str, str]] = field(default_factory=lambda: {name: {} for name in ATTRIBUTES})

    def rows(self) -> Iterator[Judged]:
        """Every clinical (SCD) and branded (SBD) drug. Raises Invalid where a file is missing or has other columns."""
        if missing := [name for name in FILES if not (self.folder / name).is_file()]:
            raise Invalid.field("/folder", "missing", f"{self.folder} lacks {', '.join(missing)}.")
        self._concepts()
        self._relations()
        self._attributes()
        brands: dict[str, set[str]] = defaultdict(set)
        for branded, generics in self.related["tradename_of"].items():
            for generic in generics:
                brands[generic].update(self._brands(branded))
        for tty in ("SCD", "SBD"):
            for rxcui in self.names[tty]:
                row = self._row(rxcui, branded=tty == "SBD", brands=sorted(brands[rxcui]))
                if row is not None:
                    yield self.lines[rxcui], row

    def _read(self, name: str, count: int) -> Iterator[tuple[int, list[str]]]:
        """Lines end in a bar, so that one cell more is empty."""
        with (self.folder / name).open(encoding="utf-8", newline="\n") as lines:
            for number, line in enumerate(lines, start=1):
                cells = line.rstrip("\r\n").split("|")
                if len(cells) not in (count, count + 1):
                    detail = f"Line {number} of {name} has {len(cells) - 1} columns; RxNorm's has {count}."
                    raise Invalid.field("/folder", "columns", detail)
                yield number, cells

    def _concepts(self) -> None:
        for number, cells in self._read("RXNCONSO.RRF", CONSO["count"]):
            rxcui, source, tty = cells[CONSO["RXCUI"]], cells[CONSO["SAB"]], cells[CONSO["TTY"]]
            if source == "ATC" and len(cells[CONSO["CODE"]]) == 7:
                self.atc[rxcui].add(cells[CONSO["CODE"]])
            elif source == "RXNORM" and tty in self.names:
                if cells[CONSO["SUPPRESS"]] in ("N", ""):
                    self.names[tty][rxcui] = cells[CONSO["STR"]]
                    self.lines[rxcui] = number
                elif tty in ("SCD", "SBD"):
                    self.skipped["suppressed by RxNorm"] += 1

    def _relations(self) -> None:
        for _number, cells in self._read("RXNREL.RRF", REL["count"]):
            if cells[REL["SAB"]] == "RXNORM" and cells[REL["RELA"]] in self.related:
                self.related[cells[REL["RELA"]]][cells[REL["RXCUI2"]]].append(cells[REL["RXCUI1"]])

    def _attributes(self) -> None:
        for _number, cells in self._read("RXNSAT.RRF", SAT["count"]):
            if cells[SAT["SAB"]] == "RXNORM" and cells[SAT["ATN"]] in self.attributes:
                self.attributes[cells[SAT["ATN"]]][cells[SAT["RXCUI"]]] = cells[SAT["ATV"]]

    def _brands(self, rxcui: str) -> list[str]:
        names = self.names["BN"]
        return [names[one] for one in self.related["has_ingredient"][rxcui] if one in names]

    def _row(self, rxcui: str, *, branded: bool, brands: list[str]) -> MedicineRow | None:
        if rxcui in self.attributes["RXN_VET_DRUG"] and rxcui not in self.attributes["RXN_HUMAN_DRUG"]:
            self.skipped["for animals"] += 1
            return None
        dose_form = next(
            (self.names["DF"][one] for one in self.related["has_dose_form"][rxcui] if one in self.names["DF"]), ""
        )
        form, route, unit, dose_unit = form_of(dose_form)
        parts = self._ingredients(rxcui, dose_unit)
        if not parts or not dose_form:
            self.skipped["without ingredient or dose form"] += 1
            return None
        own = self._brands(rxcui) if branded else []
        strength = " / ".join(part[1] for part in parts if part[1])
        return MedicineRow(
            item=rxcui, code=rxcui, system="RxNorm", name=" / ".join(part[0]["name"] for part in parts)[:200],
            brand=(own[0] if own else "")[:100], brands=tuple(own or brands)[:20],
            strength=(units(self.attributes["RXN_AVAILABLE_STRENGTH"].get(rxcui, "")) or strength)[:60],
            form=form[:60], route=route, unit=unit, dose_unit=dose_unit, ingredients=tuple(part[0] for part in parts),
        )  # fmt: skip

    def _ingredients(self, rxcui: str, dose_unit: str) -> list[tuple[dict[str, Any], str]]:
        """Each with its strength: drug consists_of component (SCDC), component has_ingredient substance (IN)."""
        found = []
        for component in self._components(rxcui):
            substance = next(
                (one for one in self.related["has_ingredient"][component] if one in self.names["IN"]), None
            )
            if substance is None:
                continue
            name, text = self.names["IN"][substance], self.names["SCDC"][component]
            written = self.attributes["RXN_STRENGTH"].get(component) or _last_strength(text)
            strength = units(written)
            codes = [f"RxNorm:{substance}", *(f"ATC:{code}" for code in self.atc.get(substance, ()))]
            found.append((ingredient(name.lower(), codes, mg_per_dose_unit(strength, dose_unit)), strength))
        return sorted(found, key=lambda part: str(part[0]["name"]))

    def _components(self, rxcui: str) -> list[str]:
        """A branded drug that names none of its own has those of the clinical drug it is a trade name of."""
        for drug in (rxcui, *self.related["tradename_of"].get(rxcui, ())):
            if own := [one for one in self.related["consists_of"].get(drug, ()) if one in self.names["SCDC"]]:
                return own
        return []


def _last_strength(component: str) -> str:
    """`amoxicillin 50 MG/ML` ends in its strength."""
    match = re.search(r"[0-9][0-9.,]*\s*\S+$", component)
    return match[0] if match else ""


def units(strength: str) -> str:
    """RxNorm's units as ELMED writes them."""
    return re.sub(r"[A-Z]+", lambda match: _UNITS.get(match[0], match[0]), strength.replace(",", ""))


def form_of(dose_form: str) -> tuple[str, str, str, str]:
    """Form, route, unit of quantity and unit of dose that a dose form's name tells."""
    parts = dose_form.lower().split()
    route = next((_ROUTES[part] for part in parts if part in _ROUTES), "")
    form = " ".join(
        part for part in parts if part not in ("oral", "topical", "ophthalmic", "otic", "rectal", "vaginal")
    )
    unit, dose_unit = next((_COUNTED[part] for part in reversed(parts) if part in _COUNTED), ("dose", "dose"))
    if route in ("ocular", "otic") and dose_unit == "ml":
        unit, dose_unit = "bottle", "drop"
    return form, route, unit, dose_unit
