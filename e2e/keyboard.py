"""Hands on the keyboard: what somebody presses who uses no mouse, with the focus looked at after every key."""

from dataclasses import dataclass, field

from playwright.sync_api import Page

FOCUS = """() => {
  const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
  const RING = 3; // pixels of the outline beside the box
  const cuts = at => { const edge = at.getBoundingClientRect(); return edge.left > box.left - RING || edge.right < box.right + RING; };
  const scrollers = [];
  for (let at = one.parentElement; at && at !== document.body; at = at.parentElement) {
    if (getComputedStyle(at).overflowX !== "visible") scrollers.push(at);
  }
  const middle = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  return {
    what: `${one.tagName} ${one.name || one.textContent.trim().slice(0, 30)}`, body: one === document.body,
    ring: (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== 'none',
    number: [...document.querySelectorAll('*')].indexOf(one),
    seen: box.width > 0 && box.height > 0 && box.top < innerHeight && box.bottom > 0,
    cut: scrollers.some(cuts),
    covered: middle !== null && !one.contains(middle) && !middle.contains(one) && ![...(one.labels || [])].includes(middle),
  };
}"""
# What the focus is called: its label, its words, or the name of its field.
CALLED = """() => {
  const one = document.activeElement;
  if (one === document.body) return "";
  const words = one.getAttribute("aria-label") || one.labels?.[0]?.textContent || one.textContent || one.value || "";
  return words.replace(/\\s+/g, " ").trim();
}"""


@dataclass
class Keyboard:
    """A page and somebody's keys: `most` is how often one may press Tab for one control before it is too far away."""

    page: Page
    most: int = 30
    pressed: int = 0
    far: list[tuple[int, str]] = field(default_factory=list)  # how many presses led to what

    def press(self, *keys: str) -> None:
        """These keys, one after the other. Raises AssertionError where the focus is not seen then."""
        for key in keys:
            self.page.keyboard.press(key)
            self.pressed += 1

    def type(self, words: str) -> None:
        """Into what has the focus, which has to be a field that is seen."""
        self._look()
        self.page.keyboard.type(words, delay=15)

    def to(self, words: str, key: str = "Tab", *, most: int = 0) -> None:
        """Press the key until what has the focus is called so. Raises AssertionError where it is too far, or not seen on the way."""
        most = most or self.most
        for number in range(1, most + 1):
            self.press(key)
            self._look()
            if words in self.page.evaluate(CALLED):
                self.far.append((number, words))
                return
        raise AssertionError(f"{key} does not come to “{words}” within {most} on {self.page.url}")

    def open(self, words: str) -> None:
        """Go there with Tab, and press Enter."""
        self.to(words)
        self.press("Enter")

    def into_the_page(self) -> None:
        """Past the navigation by the first link of each page."""
        self.page.wait_for_load_state()
        self.press("Tab")
        assert "Skip to the content" in self.page.evaluate(CALLED), self.page.url
        self._look()
        self.press("Enter")

    def _look(self) -> None:
        at = self.page.evaluate(FOCUS)
        assert at["ring"], f"the focus is not marked: {at} on {self.page.url}"
        assert at["seen"], f"the focus is not on the screen: {at} on {self.page.url}"
        assert not at["cut"], f"what scrolls cuts the mark of the focus off: {at} on {self.page.url}"
        assert not at["covered"], f"something covers the focus: {at} on {self.page.url}"


def sign_in(page: Page, role: str) -> Keyboard:
    """From the address of the sign-in page, by keys alone."""
    page.goto("/accounts/login/")
    hands = Keyboard(page)
    hands.into_the_page()
    hands.to("E-mail address")
    hands.type(f"{role}@demo.example")
    hands.to("Password")
    hands.type(f"elmed-demo-{role}")
    hands.press("Enter")
    page.wait_for_url(lambda url: "/accounts/login" not in url)
    return hands
