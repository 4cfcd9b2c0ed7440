"""What looks like a dose in free words, and what does not: English and Arabic, as doctors type them."""

import pytest

from elmed.medications.dose_in_text import AMOUNTS, OFTEN, holds_amount, holds_dose

HOW_MUCH = """
Give 2 tablets daily | 500 mg | 100 mcg | 100mcg | 50 µg | 50 μg | 10 IU | 10 i.u. | 10 units | 0.5 ml | 0,5 ml | 5 ml tds
two tablets | half a tablet | ½ tab | 1/2 tab | 1½ tablets | quarter of a tablet | 2 puffs | 1-2 puffs prn | 2 teaspoons | 1 sachet
1 bd | 1 b.d. | 2 tds | 1 t.d.s. | 1 od | 1 prn | 1 QDS | 1 tid | one bd | two tds | 1 stat | 1 nocte | 1 daily | take 2 at night
.5 mg | ,5 ml | 5 mgs | 1 amp | 1 supp | x2 tablets | 5 mcg/min | seven tablets | fifteen ml | a tablet daily | a puff at night | take one
1 at night | one in the morning | 1 every morning | 2 at bedtime | 1–0–1 | 1 - 0 - 1 | 10-0-10 | 1x3 | 2 x 3
سبع حبات | جرعة واحدة | بخاختين | حبة مرتين | حبه قبل النوم | قرص صباحا | حبتين بعد الأكل
1-0-1 | 1-1-1-1 | ½-0-½ | 1.5-0-1 | 1+1+1 | ١-٠-١ | The 250 mg/5 ml bottle | Ramipril (5 mg) is meant
٢ حبة | ٢ حبات | نصف حبة | نصف قرص صباحا | حبة واحدة مساء | حبة يوميا | حبتان | حَبَّتَانِ يومياً | حبتين | قرصان | والحبتان بعد الأكل | بختان
٥٠٠ ملغ | ۵۰۰ ملغ | 500 ملجم | ٥ مل | خمسة مل | ثلاث قطرات | ١ عند اللزوم | ملعقتين بعد الأكل
"""
HOW_OFTEN = """
twice daily | Once a day | once weekly | three times a day | 3 times daily | 2x/day | every 6 hours | every 4-6 h | q6h | 8-hourly | 8 hourly | every eight hours
مرتين يوميا | مرتين يومياً | مرتان في اليوم | مرة واحدة يوميا | ٣ مرات في اليوم | ثلاث مرات باليوم | كل ٨ ساعات | كل 8 ساعات | كل ساعتين
"""
NO_DOSE = """
call me at 10 | Call me at 10 am | Ring at 10-12 | room 2 | ward 5, bed 12 | Second floor, flat 4 | she lives at no. 10 | page 1 of 2
since 2 days | allergic for 5 years | 3 weeks after surgery | in 2 hours | day 3 of 7 | take 2 weeks off | take 5 minutes | open daily until 8
take one bus | version 2.5 of the form | 1 in 3 patients | two at the door | one of these mornings | a tablet fell down | ring 1-2 times
born 1961 | Born 03-02-1961 | 2026-1-1 | 2026-11-29 | 1-2-26 | 03/02/1961 | phone 555-1-2-33 | +44 20 7946 0018
Hb 9 g/dl | eGFR 45 ml/min | potassium 4.5 mmol/l | glucose 90 mg/dl | CRP 12 mg/l | weighs 82 kg | BP 140/90 | HbA1c 58 mmol/mol | INR 2.5
Please call me before you dispense | He has 2 children | one of two sisters | half of the family is ill | the one before was stopped
seen twice by the nurse | visited two times | G6PD deficiency | type 2 diabetes | stage 3 | vitamin B12 is low | COVID-19 in 2021
اتصل بي الساعة ١٠ | اتصل الساعة ١٠ صباحا | غرفة ٢ | المريض في الغرفة ١٢ | منذ يومين | منذ ٣ أيام | بعد ساعتين | عمرها ٣ سنوات
حساسية منذ ٥ سنوات | مواليد ١٩٦١ | زارني مرتين | يتصل كل يوم | الوزن ٨٢ كغ | واحد من إخوته مريض | لديه طفلان
"""


def each(table: str) -> list[str]:
    """The examples of a table."""
    return [one.strip() for row in table.strip().splitlines() for one in row.split("|")]


@pytest.mark.parametrize("words", each(HOW_MUCH))
def test_how_much(words):
    assert holds_amount(words)
    assert holds_dose(f"Please note: {words}, thank you")


@pytest.mark.parametrize("words", each(HOW_OFTEN))
def test_how_often_is_half_a_dose(words):
    assert holds_dose(f"Please note: {words}, thank you")
    assert not holds_amount(words), "beside a dose of its own it may be about something else"


@pytest.mark.parametrize("words", each(NO_DOSE))
def test_what_is_none(words):
    assert not holds_dose(words)


@pytest.mark.parametrize(
    "example", [one.strip() for row in (*AMOUNTS, *OFTEN) for one in row.replace("،", ",").split(",")]
)
def test_each_row_of_the_table_is_true_of_its_examples(example):
    assert holds_dose(example)


@pytest.mark.parametrize("piece", ["1-", "1 ", "1/", "½", "half ", "a 1 1-1 2 half one two ", "حبة "])
def test_no_words_make_it_slow(piece):
    """The search ends: what multiplies with each letter would not."""
    assert holds_dose((piece * 1000)[:1000]) in (True, False)
