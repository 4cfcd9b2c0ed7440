"""Whether free words hold something like a dose: a table of what a dose looks like, in English and in Arabic. Pure.

checks.py asks it of the notes to the pharmacist, written.py of the words that a doctor adds to a dose. It is made for a
warning that the doctor can answer: where in doubt it finds one, but times of day, rooms, ages and durations are none.
"""

import re
import unicodedata

from elmed.medications.dose.tables import UNIT_WORDS

_HARAKAT = re.compile("[\u064b-\u0652\u0670\u0640]")  # vowel signs and the stretching line: words are read without them
_LETTERS = str.maketrans("أإآٱى", "ااااي")

# How much. `\d` takes Arabic and Persian digits too; ½ was made 1⁄2 before.
_NUMBER = r"(?:\d+(?:[.,٫]\d+)?|[.,٫]\d+)"  # .5 mg too
_DIGITS = rf"(?:{_NUMBER}(?:\s?[/⁄]\s?\d+)?(?:\s?[-–]\s?{_NUMBER})?)"
_BEFORE = r"(?<![\w/⁄])(?<!\d[.,٫])"  # not in the middle of a number or of a word
_SLOT = r"(?:\d|10|12)(?:[.,]5|⁄\d)?"  # 1-2-26 is a day
_DASH = r"\s?[-–—+]\s?"
_ENGLISH = "(?:half|quarter|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty)"
_ARABIC = r"(?:نصف|ربع|واحده?|ثلاثه?|اربعه?|خمسه?|سته?|سبعه?|ثمانيه?|ثماني|تسعه?|عشره?)"
_MANY = rf"{_BEFORE}x?{_DIGITS}|\b{_ENGLISH}\b(?:\s+(?:of\s+)?an?\b)?"

# Of what. Units of doses as doctors type them, and what only notes say.
_NOTED = (
    "mcg", "μg", "ug", "milligrams?", "iu", r"i\.u\.", "international units?", "pills?", "ampoules?", "vials?", "inhalations?",
    "spoons?", "spoonfuls?", "teaspoons?", "tablespoons?", "tsp", "tbsp", "nebules?", "mgs", "mls", "amps?", "supps?", "caps?", "tabs?",
)  # fmt: skip
_TYPED = sorted(
    {word for key, more in UNIT_WORDS.items() if key not in ("dose", "application") for word in (key, *more)}
)
_UNIT = "|".join([*_TYPED, *_NOTED])
# 9 g/dl of haemoglobin, eGFR 45 ml/min: measured, not given; 5 mcg/min is given.
_NO_LABORATORY = r"(?!\s?/\s?(?:d?l|ml|mol)\b)(?!(?<=ml)\s?/\s?min\b)(?!\w)"
_ARABIC_UNIT = (
    "حبه|حبات|حبوب|قرص|اقراص|كبسوله|كبسولات|ملعقه|ملاعق|بخه|بخات|قطره|قطرات|نقطه|نقاط|لصقه|لصقات|تحميله|تحاميل|امبوله|امبولات|جرعه|جرعات|بخاخه|"
    "حقنه|حقن|ابره|وحده|وحدات|ملغم?|ملجم|مجم|مغ|ملم?ل|مليلتر|مل|غرام|جرام|ميكروغرام|ميكروجرام"
)
_ARABIC_TWO = (  # the dual says how much by itself
    "(?:حبت|قرص|كبسولت|ملعقت|بخت|بخاخت|قطرت|نقطت|لصقت|تحميلت|امبولت|حقنت|ابرت|وحدت|جرعت)(?:ان|ين)"
)

# How often.
_SHORT = r"(?:o\.?d|b\.?d|b\.?i\.?d|t\.?d\.?s|t\.?i\.?d|q\.?d\.?s|q\.?i\.?d|p\.?r\.?n|stat|nocte|mane|daily)\b"
# When: with a number it is a dose. "1 at 10" is an hour: a number of hours follows no such word.
_WHEN = (
    r"(?:at\s+(?:night|bedtime|noon|breakfast|lunch|dinner)|in\s+the\s+(?:morning|evening|afternoon)|"
    r"(?:each|every)\s+(?:morning|evening|night|day))\b"
)
_ARABIC_WHEN = r"(?:قبل\s+النوم|صباحا|مساء|بعد\s+الاكل|قبل\s+الاكل|عند\s+النوم|مرتين|مرتان|[0-9٠-٩]+\s+مرات)"
_A_DAY = r"(?:daily|nightly|weekly|(?:a|per|each|every)\s+(?:day|night|week))\b|/\s?(?:day|d|24\s?h)\b"
_ARABIC_A_DAY = r"(?:يوميا|(?:في\s+|ب)اليوم|كل\s+يوم|اسبوعيا|في\s+الاسبوع)"
_ARABIC_JOINED = r"\b[وفبلك]?(?:ال)?"  # and, so, with, for, the: written as one word with what follows

# What a dose looks like: how much of what, or how much how often.
AMOUNTS: dict[str, str] = {
    "2 tablets, 100 mcg, ½ tab, half a tablet": rf"(?:{_MANY})\s?(?:{_UNIT}){_NO_LABORATORY}",
    "1-0-1, 1 – 0 – 1, 10-0-10": rf"(?<![\w.,/⁄-]){_SLOT}(?:{_DASH}{_SLOT}){{2,3}}(?![\w/-])",
    "1x3": rf"(?<![\w.,/⁄-]){_SLOT}\s?[x×]\s?[1-6]\b",
    "1 bd, two tds": rf"(?:{_MANY})\s?{_SHORT}",
    "a tablet daily": rf"\ban?\s+(?:{_UNIT})\s+(?:{_SHORT}|{_A_DAY}|{_WHEN})",
    "1 at night, one in the morning": rf"(?:{_MANY})\s+{_WHEN}",
    "take 2 with food, take one": rf"\btakes?\s+(?:(?:{_MANY})\s+(?:at|in|with|after|before|every|each)\b|one\s*(?:[.,;]|$))",
    "٢ حبة، نصف قرص": rf"(?:{_BEFORE}{_DIGITS}|\b{_ARABIC})\s?(?:{_ARABIC_UNIT})\b",
    "حبة واحدة، حبة قبل النوم": rf"{_ARABIC_JOINED}(?:{_ARABIC_UNIT})\s+(?:{_ARABIC}|{_ARABIC_A_DAY}|{_ARABIC_WHEN})",
    "١ عند اللزوم": rf"{_BEFORE}{_DIGITS}\s?عند\s+(?:اللزوم|الحاجه)",
    "حبتان": rf"{_ARABIC_JOINED}{_ARABIC_TWO}\b",
}
# How often alone: in the notes it is half a dose, beside a dose of its own it may be about something else.
OFTEN: dict[str, str] = {
    "twice daily, 3 times a day, 2x/day": rf"(?:\b(?:once|twice|thrice)|(?:{_MANY})\s?(?:x|times))\s*(?:{_A_DAY})",
    "every 6 hours, every eight hours, q6h, 8-hourly": (
        rf"\b(?:every|q)\s?(?:{_DIGITS}|{_ENGLISH})\s?-?\s?(?:h|hrs?|hours?)\b|\b\d+\s?-?\s?hourly\b"
    ),
    "مرتين يوميا، ٣ مرات في اليوم": rf"\b(?:مره(?:\s+واحده)?|مرتان|مرتين|(?:{_DIGITS}|{_ARABIC})\s+مرات)\s+{_ARABIC_A_DAY}",
    "كل ٨ ساعات": rf"\bكل\s+(?:{_DIGITS}|{_ARABIC})\s+ساع(?:ات|ه)\b|\bكل\s+ساعتين\b",
}


def _any(rows: dict[str, str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in rows.values()), re.IGNORECASE)


_AMOUNT, _OFTEN = _any(AMOUNTS), _any(OFTEN)


def holds_amount(words: str) -> bool:
    """Whether words say how much is taken: `500 mg`, `2 tablets`, `1-0-1`, `1 bd`, `حبتان`."""
    return bool(_AMOUNT.search(_plain(words)))


def holds_dose(words: str) -> bool:
    """Whether words say how much or how often something is taken: those of `holds_amount`, and `twice daily`, `كل ٨ ساعات`."""
    return bool(_AMOUNT.search(plain := _plain(words)) or _OFTEN.search(plain))


def _plain(words: str) -> str:
    """½ as 1⁄2, µ as μ; Arabic without vowel signs, its letters as one writes them in haste."""
    folded = _HARAKAT.sub("", unicodedata.normalize("NFKC", words)).translate(_LETTERS)
    return folded.replace("ة", "ه")
