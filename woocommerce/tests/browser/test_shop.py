"""From the key to the first orders, in a browser: the pharmacist connects and syncs, shoppers buy on both checkouts.

The tests are one story and run in this order, on a fresh site.
"""

import re

from playwright.sync_api import Page, expect

SHELF = (
    "Paracetamol 500 mg tablets", "Ibuprofen 200 mg tablets", "Vitamin D3 drops", "Plasters, assorted", "Throat lozenges",
    "Saline nasal spray", "Sun lotion SPF 50", "Digital thermometer",
)  # fmt: skip
CONNECTED = re.compile("Connected")


def test_the_pharmacist_enters_the_key_and_is_connected(admin, facts, shot):
    admin.goto("/wp-admin/admin.php?page=elmed")
    shot(admin.locator("#wpbody-content .wrap"), "settings-empty")
    admin.get_by_label("API key").fill(facts["elmed"]["key"])
    admin.get_by_label("Address of ELMED").fill(facts["elmed"]["url"])
    admin.get_by_role("button", name="Test Connection").click()
    expect(admin.locator(".elmed-state")).to_contain_text(CONNECTED)
    expect(admin.locator(".elmed-state")).to_contain_text(facts["elmed"]["pharmacy"])
    assert facts["elmed"]["key"] not in admin.content()
    shot(admin.locator("#wpbody-content .wrap"), "settings-connected")


HEARD = """document.addEventListener('DOMContentLoaded', () => {
    const say = document.getElementById('elmed-sync-say');
    if (say) {
        new MutationObserver(() => {
            sessionStorage.heard = JSON.stringify([...JSON.parse(sessionStorage.heard || '[]'), say.textContent]);
        }).observe(say, { childList: true, characterData: true, subtree: true });
    }
});"""


def heard(page: Page) -> list[str]:
    """What the sync page's live region has said, oldest first."""
    found: list[str] = page.evaluate("JSON.parse(sessionStorage.heard || '[]')")
    return found


def test_the_pharmacist_syncs_the_catalogue(admin, say, shot):
    say("product", sku="AMX-500", medicine=True, stock="40", description="Capsules. 21 in a pack.")
    say("product", sku="CREAM", stock="25")
    for number, name in enumerate(SHELF):
        say("product", sku=f"OTC-{number:03}", name=name, stock=str(7 * number + 3))
    admin.add_init_script(HEARD)
    admin.goto("/wp-admin/admin.php?page=elmed-sync")
    admin.get_by_role("button", name="Sync Products Now").click()
    expect(admin.locator("#elmed-sync")).to_contain_text(f"{len(SHELF) + 2} products looked at", timeout=120_000)
    expect(admin.get_by_role("button", name="Sync Products Now")).to_be_visible(timeout=120_000)
    expect(admin.locator("#elmed-sync")).to_contain_text("Complete")
    expect(admin.get_by_role("status")).to_have_text(f"Sync: Complete. {len(SHELF) + 2} products looked at.")
    assert heard(admin) == ["The sync is running.", f"Sync: Complete. {len(SHELF) + 2} products looked at."]
    shot(admin.locator("#wpbody-content .wrap"), "sync-complete")


def test_the_sync_page_fits_a_phone(admin, shot):
    admin.set_viewport_size({"width": 390, "height": 844})
    admin.goto("/wp-admin/admin.php?page=elmed-sync")
    expect(admin.get_by_role("button", name="Sync Products Now")).to_be_visible()
    assert admin.evaluate("document.documentElement.scrollWidth") <= 390
    shot(admin, "sync-phone")


def to_basket(page: Page, name: str) -> None:
    """Put a product into the basket from its own page."""
    page.goto(f"/product/{name}/")
    page.get_by_role("button", name="Add to cart", exact=True).first.click()
    page.wait_for_load_state("networkidle")


def address(page: Page) -> None:
    """Fill in the block checkout's address."""
    page.get_by_label("Email address").fill("ann@example.org")
    for label, value in (
        ("First name", "Ann"), ("Last name", "Shopper"), ("Address", "1 High Street"), ("City", "London"), ("Postcode", "SW1A 1AA"),
    ):  # fmt: skip
        page.get_by_label(label, exact=True).first.fill(value)


def pay_on_delivery(page: Page) -> None:
    """Choose it, once the checkout has stopped reckoning."""
    expect(page.get_by_role("button", name="Place Order")).to_be_enabled()
    choice = page.get_by_role("radio", name="Cash on delivery")
    choice.check()
    expect(choice).to_be_checked()


def place(page: Page) -> None:
    """Press the block checkout's button when it listens."""
    button = page.get_by_role("button", name="Place Order")
    expect(button).to_be_enabled()
    page.wait_for_load_state("networkidle")
    button.click()


def test_block_checkout(page, say, shot):
    made = say("prescription")
    to_basket(page, "amoxicillin-500-mg-capsules")
    page.goto("/checkout/")
    address(page)
    pay_on_delivery(page)
    reference = page.get_by_label("Prescription reference")
    reference.fill("AAAA-BBBB-CCCC")
    born = page.get_by_label("date of birth")
    born.fill(made["date_of_birth"])
    expect(page.get_by_role("button", name="Place Order")).to_be_enabled()
    page.wait_for_load_state("networkidle")
    shot(page, "block-checkout", full_page=True)
    place(page)
    refusal = page.get_by_text("No prescription matches this reference").first
    expect(refusal).to_be_visible()
    refusal.scroll_into_view_if_needed()
    shot(page, "block-checkout-refused")
    expect(reference).to_have_value("AAAA-BBBB-CCCC")
    reference.fill(made["reference"])
    place(page)
    page.wait_for_url("**/order-received/**")
    body = page.inner_text("body")
    assert made["reference"] not in body and made["date_of_birth"] not in body
    shot(page, "block-checkout-received", full_page=True)


def test_block_checkout_asks_for_no_prescription_where_none_is_needed(page):
    to_basket(page, "hand-cream")
    page.goto("/checkout/")
    expect(page.get_by_role("button", name="Place Order")).to_be_visible()
    expect(page.get_by_label("Prescription reference")).to_have_count(0)
    address(page)
    pay_on_delivery(page)
    place(page)
    page.wait_for_url("**/order-received/**")


def test_classic_checkout(page, say, shot):
    made = say("prescription", state="pending_review")
    to_basket(page, "amoxicillin-500-mg-capsules")
    page.goto("/classic-checkout/")
    for name, value in (
        ("first_name", "Ann"), ("last_name", "Shopper"), ("address_1", "1 High Street"), ("city", "London"),
        ("postcode", "SW1A 1AA"), ("phone", "02079460000"), ("email", "ann@example.org"),
    ):  # fmt: skip
        page.fill(f"#billing_{name}", value)
    page.get_by_label("Prescription reference").fill(made["reference"])
    page.get_by_label("date of birth").fill("1957-08-24")
    shot(page.locator(".elmed-prescription"), "classic-checkout")
    order = page.get_by_role("button", name="Place order")
    order.click()
    refusal = page.get_by_text("No prescription matches this reference").first
    expect(refusal).to_be_visible()
    refusal.scroll_into_view_if_needed()
    shot(page, "classic-checkout-refused")
    page.get_by_label("date of birth").fill(made["date_of_birth"])
    order.click()
    page.wait_for_url("**/order-received/**")
    shot(page, "classic-checkout-waiting", full_page=True)


def test_the_pharmacist_sees_what_may_be_sent(admin, shot):
    admin.goto("/wp-admin/admin.php?page=wc-orders")
    table = admin.locator("table.wp-list-table")
    expect(table).to_contain_text("Released: may be sent")
    expect(table).to_contain_text("Check pending")
    shot(table, "orders")
    admin.locator("tr", has_text="Released: may be sent").locator("a.order-view").first.click()
    panel = admin.locator(".postbox", has_text="ELMED").first
    expect(panel).to_contain_text("Released")
    panel.scroll_into_view_if_needed()
    shot(panel, "order-panel")
