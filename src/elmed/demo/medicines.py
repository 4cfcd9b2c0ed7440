"""What the demo's doctors prescribe: medicines with their dosage sentences, and what they are for (ICD-10).

A table only; story.py and named.py make prescriptions of it. Nothing here is medical advice.
"""

from dataclasses import dataclass

from elmed.prescriptions.actions.draft import DraftLine


@dataclass(frozen=True)
class Medicine:
    """One line as a doctor writes it, with the finding it answers."""

    line: DraftLine
    diagnosis: tuple[str, str]
    summary: str
    long_term: bool = False

    @property
    def coded_diagnosis(self) -> list[dict[str, str | None]]:
        """The diagnosis as a prescription carries it."""
        words, code = self.diagnosis
        return [{"text": words, "code": code, "system": "ICD-10"}]


def _medicine(
    text: str,
    atc: str,
    strength: str,
    form: str,
    dosage: str,
    quantity: str,
    days: int,
    diagnosis: tuple[str, str],
    summary: str,
    *,
    route: str = "oral",
    long_term: bool = False,
    controlled: bool = False,
) -> Medicine:
    value, unit = quantity.split(" ")
    line = DraftLine(
        medication_text=text, dosage_text=dosage, quantity_milli=int(value) * 1000, unit=unit, medication_code=atc,
        medication_system="ATC", strength=strength, form=form, route=route, days_supply=days, is_controlled=controlled,
    )  # fmt: skip
    return Medicine(line, diagnosis, summary, long_term)


# fmt: off
MEDICINES: dict[str, Medicine] = {
    "amoxicillin": _medicine("amoxicillin 500 mg capsules", "J01CA04", "500 mg", "capsule", "Take one capsule three times a day for 7 days", "21 capsule", 7, ("Acute bronchitis", "J20.9"), "Productive cough for ten days, febrile, crackles at the right base."),
    "nitrofurantoin": _medicine("nitrofurantoin 100 mg modified-release capsules", "J01XE01", "100 mg", "capsule", "Take one capsule twice a day with food for 3 days", "6 capsule", 3, ("Acute cystitis", "N30.0"), "Dysuria and frequency for two days, no fever, no flank pain."),
    "flucloxacillin": _medicine("flucloxacillin 500 mg capsules", "J01CF05", "500 mg", "capsule", "Take one capsule four times a day on an empty stomach for 7 days", "28 capsule", 7, ("Cellulitis of the lower limb", "L03.1"), "Spreading redness of the left calf, outline marked, well in himself."),
    "ramipril": _medicine("ramipril 5 mg tablets", "C09AA05", "5 mg", "tablet", "Take one tablet each morning", "28 tablet", 28, ("Essential hypertension", "I10"), "Home readings average 148/92, blood tests stable.", long_term=True),
    "amlodipine": _medicine("amlodipine 5 mg tablets", "C08CA01", "5 mg", "tablet", "Take one tablet each morning", "28 tablet", 28, ("Essential hypertension", "I10"), "Blood pressure above target on two visits.", long_term=True),
    "atorvastatin": _medicine("atorvastatin 20 mg tablets", "C10AA05", "20 mg", "tablet", "Take one tablet at night", "28 tablet", 28, ("Pure hypercholesterolaemia", "E78.0"), "Annual review; lipids discussed, wishes to continue.", long_term=True),
    "metformin": _medicine("metformin 500 mg tablets", "A10BA02", "500 mg", "tablet", "Take one tablet twice a day with meals", "56 tablet", 28, ("Type 2 diabetes mellitus", "E11.9"), "HbA1c 58 mmol/mol, feet checked, no complications.", long_term=True),
    "levothyroxine": _medicine("levothyroxine 50 microgram tablets", "H03AA01", "50 microgram", "tablet", "Take one tablet each morning, half an hour before breakfast", "28 tablet", 28, ("Hypothyroidism", "E03.9"), "TSH back in range on the present dose.", long_term=True),
    "sertraline": _medicine("sertraline 50 mg tablets", "N06AB06", "50 mg", "tablet", "Take one tablet each morning", "28 tablet", 28, ("Moderate depressive episode", "F32.1"), "Sleeping better at week six, to continue six months.", long_term=True),
    "omeprazole": _medicine("omeprazole 20 mg capsules", "A02BC01", "20 mg", "capsule", "Take one capsule each morning before breakfast", "28 capsule", 28, ("Gastro-oesophageal reflux disease", "K21.9"), "Heartburn after meals, no alarm symptoms."),
    "ibuprofen": _medicine("ibuprofen 400 mg tablets", "M01AE01", "400 mg", "tablet", "Take one tablet three times a day with food for 8 days", "24 tablet", 8, ("Low back pain", "M54.5"), "Strain after lifting, no red flags, moving freely."),
    "prednisolone": _medicine("prednisolone 5 mg tablets", "H02AB06", "5 mg", "tablet", "Take six tablets each morning for 5 days", "30 tablet", 5, ("Asthma, acute exacerbation", "J45.9"), "Wheeze since a cold, peak flow 68 % of best."),
    "salbutamol": _medicine("salbutamol 100 micrograms/dose inhaler", "R03AC02", "100 micrograms/dose", "inhaler", "Inhale one or two puffs when needed, up to four times a day", "1 inhaler", 30, ("Asthma", "J45.9"), "Annual asthma review, technique checked.", route="inhalation"),
    "beclometasone": _medicine("beclometasone 100 micrograms/dose inhaler", "R03BA01", "100 micrograms/dose", "inhaler", "Inhale two puffs twice a day", "1 inhaler", 50, ("Asthma", "J45.9"), "Symptoms three nights a week; preventer begun.", route="inhalation", long_term=True),
    "cetirizine": _medicine("cetirizine 10 mg tablets", "R06AE07", "10 mg", "tablet", "Take one tablet once a day when needed", "30 tablet", 30, ("Allergic rhinitis due to pollen", "J30.1"), "Sneezing and itchy eyes each spring."),
    "chloramphenicol": _medicine("chloramphenicol 0.5 % eye drops", "S01AA01", "0.5 %", "eye drops", "Put one drop into the affected eye every 2 hours for 2 days, then four times a day for 3 days", "1 bottle", 5, ("Conjunctivitis", "H10.9"), "Sticky red eye for three days, vision normal.", route="ocular"),
    "hydrocortisone": _medicine("hydrocortisone 1 % cream", "D07AA02", "1 %", "cream", "Apply thinly to the affected skin twice a day for 7 days", "30 g", 7, ("Dermatitis", "L30.9"), "Itchy patches in both elbow creases.", route="cutaneous"),
    "morphine": _medicine("morphine sulfate 10 mg modified-release tablets", "N02AA01", "10 mg", "tablet", "Take one tablet every 12 hours", "14 tablet", 7, ("Chronic pain due to neoplasm", "R52.1"), "Pain not held by the second step of the ladder; plan agreed.", controlled=True),
}
# fmt: on
