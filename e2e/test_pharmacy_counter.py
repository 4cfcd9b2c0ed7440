"""At the counter: from the patient's code to the receipt and back, the camera, a question to the doctor, the ends, whose turn it is."""

import json
import re
from collections.abc import Callable
from urllib.request import Request, urlopen

import segno
from playwright.sync_api import Page, expect

from e2e.server import Server
from e2e.test_pharmacy import step

Person = Callable[..., Page]
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
# A camera that sees what it is given: the page's own script asks for it and decodes its pictures.
CAMERA = """([size, rows]) => {
  const canvas = document.createElement("canvas"), paper = canvas.getContext("2d"), dot = 6;
  canvas.width = canvas.height = (size + 8) * dot;
  const draw = () => {
    paper.fillStyle = "#fff"; paper.fillRect(0, 0, canvas.width, canvas.height); paper.fillStyle = "#000";
    rows.forEach((row, y) => row.forEach((dark, x) => { if (dark) paper.fillRect((x + 4) * dot, (y + 4) * dot, dot, dot); }));
  };
  draw();
  setInterval(draw, 50);
  navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(20);
}"""


def born(page: Page) -> str:
    """The patient's date of birth, from the banner, as a form takes it."""
    day, month, year = re.search(r"(\d\d)-(\w{3})-(\d{4})", page.locator(".banner").inner_text()).groups()  # type: ignore[union-attr]
    return f"{year}-{MONTHS.index(month) + 1:02}-{day}"


def waiting(page: Page) -> str:
    """One that waits for its check, opened."""
    path = step(page, "pending_review")[-1]  # the first of them was kept in spite of a warning
    page.goto(path)
    return path


def act(page: Page, words: str, **typed: str) -> None:
    """Press one of the prescription's buttons, say why, and do it."""
    page.get_by_role("link", name=words, exact=True).click()
    for name, value in typed.items():
        page.fill(f"[name={name}]", value)
    page.locator("main form button[type=submit]").last.click()


def give_back(page: Page) -> tuple[str, str, str]:
    """One leaves the queue; its address, and what its patient shows at the counter."""
    path = waiting(page)
    reference, day = page.locator(".reference").inner_text(), born(page)
    act(page, "Give back", reason="The patient wants to go elsewhere")
    expect(page.get_by_text("Given back.")).to_be_visible()
    return path, reference, day


def test_from_the_code_to_the_receipt_and_back(person: Person, trouble, axe, picture) -> None:
    trouble.awaited = ("404",)
    page = person("pharmacist")
    path, reference, day = give_back(page)
    assert page.goto(path).status == 404  # type: ignore[union-attr]
    page.goto("/pharmacy/")
    page.fill("#q", reference)  # as a scanner types it
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Bring it here").click()
    expect(page.locator("[name=date_of_birth]")).to_be_focused()
    page.fill("[name=date_of_birth]", day)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Bring it here")).to_be_focused()
    picture(page, "pharmacy-bring")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{path}")
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page.get_by_text("Verified.", exact=True)).to_be_visible()

    page.get_by_role("link", name="Dispense", exact=True).click()
    page.locator("select[name$=-source]").first.select_option("")
    page.locator("input[name$=-quantity]").first.fill("2")
    for other in page.locator("input[name$=-quantity]").all()[1:]:
        other.fill("0")
    page.locator("input[name$=-batch_number]").first.fill("LOT-12")
    page.locator("input[name$=-expiry_date]").first.fill("2031-01-31")
    page.locator("input[name$=-substituted]").first.check()
    page.locator("input[name$=-substitution_reason]").first.fill("Wholesaler out of it")
    page.get_by_role("button", name="Record what was handed over").click()
    page.wait_for_url(f"**{path}?was=*")
    expect(page.locator("h1 .status")).to_have_text("Partly dispensed")
    given = page.locator(".sheet", has_text="LOT-12")
    expect(given).to_contain_text("substituted: Wholesaler out of it")
    expect(given).to_contain_text("31-Jan-2031")
    axe(page)
    page.get_by_role("link", name="Receipt").click()
    expect(page.locator(".receipt")).to_contain_text("another product was supplied: Wholesaler out of it")
    axe(page)
    picture(page, "pharmacy-receipt")
    page.go_back()
    page.get_by_role("link", name="Labels of the last dispense").click()
    expect(page.locator(".label")).to_contain_text("LOT-12")

    page.goto("/pharmacy/handed-over")
    expect(page.locator("tr", has_text="LOT-12")).to_have_count(1)
    page.goto(path)
    page.get_by_role("link", name="Take back").click()
    page.get_by_label("It never left the pharmacy").check()
    page.get_by_role("button", name="Take it back").click()
    expect(page.locator("h1 .status")).to_have_text("Verified")
    expect(page.locator(".sheet", has_text="LOT-12")).to_contain_text("Taken back")


def test_the_camera_reads_the_code_in_any_browser(person: Person, axe) -> None:
    page = person("technician")
    path, reference, day = give_back(page)
    code = [[int(dark) for dark in row] for row in segno.make_qr(reference, error="m").matrix]
    page.add_init_script(f"({CAMERA})({json.dumps([len(code), code])})")
    page.goto("/pharmacy/prescriptions/bring")
    button = page.get_by_role("button", name="Read the code with the camera")
    button.click()
    expect(page.locator("[name=date_of_birth]")).to_be_focused()
    expect(page.locator("[name=reference]")).to_have_value(reference)
    expect(page.locator("video")).to_be_hidden()
    expect(button).to_be_visible()
    axe(page)
    page.fill("[name=date_of_birth]", day)
    page.get_by_role("button", name="Bring it here").click()
    page.wait_for_url(f"**{path}")


def test_a_camera_that_does_not_answer_is_told(person: Person) -> None:
    page = person("technician")
    page.add_init_script(
        "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotAllowedError'); }"
    )
    page.goto("/pharmacy/prescriptions/bring")
    page.get_by_role("button", name="Read the code with the camera").click()
    expect(page.get_by_text("The camera did not answer.")).to_be_visible()
    page.locator("[name=reference]").focus()
    page.keyboard.type("7K3M-9QPX-2DTC")
    page.keyboard.press("Enter")  # as a scanner ends: past the camera's button
    expect(page.locator("[name=date_of_birth]")).to_be_focused()


def test_a_question_is_asked_answered_and_ended(person: Person, axe) -> None:
    page, doctor, technician = person("pharmacist"), person("doctor"), person("technician")
    path = next(path for path in step(page, "pending_review") if mine(page, path))
    act(page, "Put on hold", reason="Dose to be confirmed", question="Really three times a day?")
    expect(page.locator("h1 .status")).to_have_text("On hold")
    technician.goto(path)
    expect(technician.get_by_text("Really three times a day?")).to_be_visible()
    expect(technician.get_by_role("link", name="End the hold")).to_have_count(0)
    doctor.goto("/doctor/")
    expect(doctor.get_by_text("Really three times a day?").first).to_be_visible()
    doctor.goto(path.replace("/pharmacy/", "/doctor/") + "/answered")
    doctor.fill("[name=words]", "Yes, for a week")
    doctor.locator("main form button").last.click()
    page.goto("/pharmacy/?step=on_hold")
    row = page.locator("tr", has=page.locator(f"a[href='{path}']"))
    expect(row).to_contain_text("The doctor has answered: Yes, for a week")
    page.goto(path)
    axe(page)
    act(page, "End the hold")
    expect(page.locator("h1 .status")).to_have_text("Pending review")


def mine(page: Page, path: str) -> bool:
    """Whether the demo's doctor wrote it, the page opened."""
    page.goto(path)
    return "Okafor" in page.locator("main").inner_text()


def test_the_ends_each_with_its_reason(person: Person, axe) -> None:
    page = person("pharmacist")
    rejected, closed = [path for path in step(page, "verified") if rejectable(page, path)][-2:]
    page.goto(rejected)
    act(page, "Reject", reason="Interacts with what she takes")
    expect(page.locator("h1 .status")).to_have_text("Rejected")
    expect(page.get_by_text("Interacts with what she takes")).to_be_visible()
    page.goto(closed)
    page.get_by_role("link", name="Close: nothing supplied").click()
    page.get_by_label("Patient did not collect medication").check()
    axe(page)
    page.get_by_role("button", name="Close: nothing supplied").click()
    expect(page.locator("h1 .status")).to_have_text("Not dispensed")
    assert {rejected, closed} <= set(step(page, "done"))


def rejectable(page: Page, path: str) -> bool:
    """Whether nothing of it was ever supplied."""
    page.goto(path)
    return page.get_by_role("link", name="Reject", exact=True).count() == 1


def test_passing_over_leads_through_the_whole_step(person: Person) -> None:
    page = person("pharmacist")
    everything = step(page, "verified")
    page.get_by_role("link", name="Open the one that waits longest").click()
    seen = [page.evaluate("location.pathname")]
    while len(seen) <= len(everything):
        page.get_by_role("link", name="Next in queue").click()
        page.wait_for_url(lambda url, last=seen[-1]: not url.endswith(last))
        seen.append(page.evaluate("location.pathname"))
        if seen[-1] == seen[0]:
            break
    assert seen[-1] == seen[0]
    assert len(seen) - 1 == len(set(seen)) >= 2
    assert set(seen) <= set(everything)


def test_what_the_doctor_kept_is_read_before_the_check(person: Person, axe, picture) -> None:
    page = person("pharmacist")
    page.goto("/pharmacy/?step=pending_review")
    page.locator("tr", has_text="Kept by the doctor in spite of a warning").get_by_role("link").first.click()
    expect(page.get_by_text("Read the warning and the reason at each medicine before you verify.")).to_be_visible()
    expect(page.locator(".warned.stop")).to_contain_text("The doctor keeps it")
    axe(page)
    picture(page, "pharmacy-warned")


def kept_for_a_shopper(server: Server) -> str:
    """A shop keeps what somebody's proof opens, as its software asks; the prescription's address."""
    body = server.told["verify"] | {"lines": [{"sku": "CETIRI-30", "quantity": "1"}], "reserve": True}
    asked = Request(
        f"{server.told['api_url']}/prescriptions/check",
        json.dumps(body).encode(),
        {"X-API-Key": server.told["keys"]["shop"], "Content-Type": "application/json"},
    )
    with urlopen(asked) as answer:
        return f"/pharmacy/prescriptions/{json.load(answer)['prescription_id']}"


def test_what_a_shop_keeps_is_freed_for_the_counter(person: Person, server: Server, axe) -> None:
    path = kept_for_a_shopper(server)
    page = person("technician")
    page.goto("/pharmacy/?step=verified&shop=1")
    expect(page.locator("tr", has=page.locator(f"a[href='{path}']"))).to_contain_text("keeps some of it")
    page.goto(path)
    page.get_by_role("link", name="Stock, and what your shop keeps of it").click()
    page.locator("#stock-of-rx").get_by_role("link", name="Free").click()
    axe(page)
    page.fill("[name=reason]", "The patient stands here")
    page.locator("main form button").last.click()
    expect(page.get_by_text("Freed.")).to_be_visible()
    expect(page.get_by_role("link", name="Dispense", exact=True)).to_be_visible()


def test_a_file_of_products_is_looked_at_and_then_imported(person: Person, axe, picture) -> None:
    page = person("pharmacist")
    page.goto("/pharmacy/inventory")
    picture(page, "owner-inventory")
    page.goto("/pharmacy/inventory/import")
    rows = "sku,name,price,currency\nE2E-1,Eye bath,2.10,GBP\nE2E-2,Nail file,x,GBP\n"
    file = {"name": "list.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    page.set_input_files("[name=file]", file)
    page.locator("main form button").last.click()
    expect(page.get_by_text("E2E-2")).to_be_visible()
    axe(page)
    expect(page.get_by_role("button", name="Import all")).to_have_count(0)  # not with a row that is wrong
    page.goto("/pharmacy/inventory/import")
    page.set_input_files("[name=file]", file | {"buffer": rows.replace(",x,", ",1.30,").encode()})
    page.locator("main form button").last.click()
    page.get_by_role("button", name="Import all").click()
    expect(page.get_by_text("Imported. New: 2, changed: 0.")).to_be_visible()
    with page.expect_download() as kept:
        page.get_by_role("link", name="Export").click()
    assert "E2E-1" in kept.value.path().read_text("utf-8-sig")
