"""The pharmacy's day in a browser: from the keyboard alone, two at one prescription, the open queue, the counter, paper."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

Person = Callable[..., Page]


def step(page: Page, name: str) -> list[str]:
    """The addresses of the prescriptions that wait at that step."""
    page.goto(f"/pharmacy/?step={name}")
    return page.eval_on_selector_all("tbody th a", "all => all.map(one => one.pathname)")


def tab_to(page: Page, words: str) -> None:
    """Press Tab until the focus is on what has these words."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("(document.activeElement.innerText || document.activeElement.value || '').trim()") == words:
            return
    raise AssertionError(f"Tab never came to “{words}”.")


def dispensable(page: Page) -> str:
    """One that can be dispensed now."""
    for path in step(page, "verified") + step(page, "partially_dispensed"):
        page.goto(path)
        if page.get_by_role("link", name="Dispense", exact=True).count():
            return path
    raise AssertionError("Nothing can be dispensed.")


def handed_over(page: Page) -> str:
    """The address of the labels of what was handed over last."""
    for path in step(page, "done"):
        page.goto(path)
        found = page.get_by_role("link", name="Labels of the last dispense")
        if found.count():
            return found.get_attribute("href") or ""
    raise AssertionError("Nothing was handed over.")


def pages_of(pdf: bytes) -> int:
    """How many pages a PDF of Chromium's has."""
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


def checked(page: Page) -> str:
    """One that was checked here and is not handed over."""
    return [*step(page, "verified"), *step(page, "partially_dispensed"), *step(page, "on_hold")][0]


def test_dispensing_from_the_keyboard_alone(person: Person, axe, picture) -> None:
    page = person("pharmacist")
    path = dispensable(page)
    picture(page, "pharmacy-prescription")
    tab_to(page, "Dispense")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{path}/dispense")
    expect(page.locator("input[name$=-quantity]").first).to_be_focused()
    axe(page)
    picture(page, "pharmacy-dispense")
    page.keyboard.press("Enter")  # as a scanner does: to the next field
    expect(page.locator("input[name$=-batch_number]").first).to_be_focused()
    page.keyboard.type("LOT-77")
    page.keyboard.press("Enter")
    expect(page.locator("input[name$=-expiry_date]").first).to_be_focused()
    page.keyboard.press("Control+Enter")
    page.wait_for_url(f"**{path}?was=*")
    expect(page.get_by_text("Recorded.")).to_be_visible()
    expect(page.get_by_text("LOT-77").first).to_be_visible()
    tab_to(page, "Next in queue")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: path not in url)


def test_two_at_one_prescription(person: Person, trouble, axe, picture) -> None:
    trouble.awaited = ("409", "412")
    slow, quick = person("pharmacist"), person("technician")
    path = dispensable(slow)
    for page in (slow, quick):
        page.goto(f"{path}/dispense")
    slow.fill("input[name$=-batch_number] >> nth=0", "LOT-SLOW")
    slow.fill("[name=note]", "Explained the doses")
    quick.get_by_role("button", name="Record what was handed over").click()
    quick.wait_for_url(f"**{path}?was=*")
    slow.get_by_role("button", name="Record what was handed over").click()
    expect(slow.get_by_text("Meanwhile:")).to_be_visible()
    expect(slow.locator("#meanwhile")).to_contain_text("Dispensed · Jade Hartley")
    expect(slow.locator("input[name$=-batch_number]").first).to_have_value("LOT-SLOW")
    expect(slow.locator("[name=note]")).to_have_value("Explained the doses")
    axe(slow)
    picture(slow, "pharmacy-race")
    slow.goto(path)
    expect(slow.get_by_text("LOT-SLOW")).to_have_count(0)


def test_the_open_queue_says_what_left_without_moving_it(person: Person, axe) -> None:
    watching, acting = person("pharmacist"), person("pharmacist")
    path = step(watching, "pending_review")[-1]
    watching.clock.install()
    watching.reload()
    before = watching.locator("[data-count]").first.inner_text()
    acting.goto(path)
    expect(acting.get_by_role("heading", name="History")).to_be_visible()  # it came by itself
    acting.get_by_role("button", name="Verify, then the next").click()
    acting.wait_for_url(lambda url: path not in url)
    expect(acting.get_by_text("Verified.")).to_be_visible()
    watching.clock.run_for(13_000)
    row = watching.locator("tr", has=watching.locator(f"a[href='{path}']"))
    expect(row.get_by_text("Not in this list any more.")).to_be_visible()
    assert watching.locator("[data-count]").first.inner_text() != before
    axe(watching)


def test_the_queue_narrowed_and_searched(person: Person, axe, picture) -> None:
    page = person("pharmacist")
    page.goto("/pharmacy/?step=verified")
    picture(page, "pharmacy-queue")
    page.click("summary >> text=Narrow the list")
    page.check("[name=controlled]")
    page.click("text=Narrow >> nth=-1")
    page.wait_for_url("**controlled=1**")
    axe(page)
    page.fill("#q", "Kow")
    page.fill("#born", "1961-02-03")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr").first).to_contain_text("KOWALSKA")


def test_labels_and_receipt_fit_their_paper(person: Person, axe, picture) -> None:
    page = person("pharmacist")
    path, given = checked(page), handed_over(page)
    page.goto(f"{path}/labels")
    axe(page)
    picture(page, "pharmacy-labels")
    page.emulate_media(media="print")
    label = page.locator(".label").first.bounding_box()
    assert label is not None
    assert abs(label["width"] - 100 / 25.4 * 96) < 2
    assert page.evaluate(
        "[...document.querySelectorAll('.label')].every(one => one.scrollHeight <= one.clientHeight + 1)"
    )
    expect(page.locator("header.bar")).to_be_hidden()
    for address in (f"{path}/labels", given):
        page.goto(address)
        labels = page.locator(".label").count()
        assert pages_of(page.pdf(prefer_css_page_size=True)) == labels >= 1, "each label is one piece of paper"
    for paper in ("", "?paper=80"):
        page.goto(given.replace("/labels", "/receipt") + paper)
        assert pages_of(page.pdf(prefer_css_page_size=True, format="A4")) == 1


def test_what_was_not_collected_and_the_reminder(person: Person, axe, picture) -> None:
    page = person("pharmacist")
    page.goto("/pharmacy/uncollected?days=3")
    axe(page)
    picture(page, "pharmacy-uncollected")
    button = page.get_by_role("button", name="Note a reminder")
    if button.count():
        button.first.click()
        expect(page.get_by_text("Noted: the patient was reminded.")).to_be_visible()
        expect(page.get_by_role("button", name="Note another reminder").first).to_be_visible()


def test_without_scripts_everything_is_a_page(person: Person) -> None:
    page = person("pharmacist", scripts=False)
    path = checked(page)
    page.goto(path)
    page.get_by_role("link", name="History, and the patient’s other prescriptions here").click()
    expect(page.get_by_role("heading", name="History", exact=True)).to_be_visible()
    page.goto(f"{path}/stock")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Stock")
