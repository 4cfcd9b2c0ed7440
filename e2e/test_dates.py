"""A date that is typed stands beside its field as ELMED writes dates: a browser's own order of day and month misleads nobody."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from e2e.people import Trouble


def test_a_birth_date_is_told_in_letters_while_it_is_typed(
    person: Callable[..., Page], axe: Callable[[Page], None], trouble: Trouble
) -> None:
    trouble.awaited = ("422",)
    page = person("doctor")
    page.goto("/doctor/patients/new")
    field, told = page.get_by_label("Date of birth"), page.locator("output.day")
    expect(told).to_have_text("")
    field.fill("1961-02-03")
    expect(told).to_have_text("03-Feb-1961")
    axe(page)
    page.get_by_label("Family name").fill("Dates")
    page.get_by_role("button", name="Save patient and consultation").click()  # refused: more is asked for
    expect(page.locator(".summary")).to_be_visible()
    expect(told).to_have_text("03-Feb-1961")
    field.fill("")
    expect(told).to_have_text("")
