// The composer's medicine field as a combobox with a list box (APG): arrows, Enter, Escape; nothing is chosen beforehand.
// The list is fetched by htmx; without scripts the "Find" button lists the same as radio buttons. Below: what the checks
// say is put into its row only where it says something new, so that an answer that is being typed stays.
"use strict";

(() => {
  const SHORTEST = 3, PAUSE = 200;

  function combobox(line) {
    const list = line.querySelector("[role=listbox]"), box = line.querySelector(".combo");
    if (!list || !box || list.dataset.ready) return;
    list.dataset.ready = "yes";
    const input = box.querySelector("input[type=text]"), chosen = box.querySelector("input[type=hidden]");
    const said = line.querySelector(".chosen");
    let active = -1, timer = 0;
    let listed = null; // the words that the list is of
    let wanted = 0; // an arrow that was pressed before the list of these words was there: 1 down, -1 up
    box.querySelector("[data-find]").hidden = true;
    for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"],
      ["aria-controls", list.id]]) input.setAttribute(name, value);

    const words = () => input.value.trim();
    const options = () => [...list.querySelectorAll("[role=option]")];
    function unmark() {
      active = -1;
      options().forEach((one) => one.setAttribute("aria-selected", "false"));
      input.removeAttribute("aria-activedescendant");
    }
    const close = () => { list.hidden = true; unmark(); input.setAttribute("aria-expanded", "false"); };
    function open() {
      list.hidden = list.children.length === 0;
      input.setAttribute("aria-expanded", String(!list.hidden));
    }
    function point(index) {
      const all = options();
      if (!all.length) return;
      active = (index + all.length) % all.length;
      all.forEach((one, number) => one.setAttribute("aria-selected", String(number === active)));
      input.setAttribute("aria-activedescendant", all[active].id);
      all[active].scrollIntoView({ block: "nearest" });
    }
    function choose(option) {
      const fields = JSON.parse(option.dataset.fields || "{}");
      input.value = option.dataset.text;
      chosen.value = option.dataset.medicine || "";
      listed = null;
      for (const [name, value] of Object.entries(fields)) {
        const field = line.querySelector(`[name$="-${name}"]`);
        if (field && field.type === "checkbox") field.checked = Boolean(value);
        else if (field) field.value = value ?? "";
      }
      said.textContent = chosen.value ? said.dataset.known : said.dataset.free;
      close();
      input.dispatchEvent(new Event("change", { bubbles: true }));
      input.closest("[data-typed]").dispatchEvent(new Event("chosen"));
      const dose = line.querySelector("[name$='-dose']");
      dose.focus();
      dose.select(); // a favourite brings one: typing takes its place
    }
    function look() {
      clearTimeout(timer);
      if (words().length < SHORTEST) { close(); return; }
      list.setAttribute("hx-vals", JSON.stringify({ box: list.id.replace("-options", ""), q: words() }));
      list.dispatchEvent(new Event("search"));
    }
    function step(way) {
      if (listed !== words()) { // another list is on its way: the mark goes onto that one, not onto this
        wanted = way;
        look();
        return;
      }
      if (list.hidden) open();
      point(way > 0 ? active + 1 : Math.max(active, 0) - 1);
    }
    input.addEventListener("input", () => {
      chosen.value = "";
      said.textContent = "";
      wanted = 0;
      unmark();
      clearTimeout(timer);
      timer = setTimeout(look, PAUSE);
    });
    box.addEventListener("kept", () => { // keep.js put the field back, or emptied it: the list is not opened for that
      clearTimeout(timer);
      said.textContent = chosen.value ? said.dataset.known : words() ? said.dataset.free : "";
      input.closest("[data-typed]").dispatchEvent(new Event("chosen"));
    });
    list.addEventListener("htmx:afterSwap", (event) => {
      active = -1;
      input.removeAttribute("aria-activedescendant");
      listed = event.detail.requestConfig.parameters.q;
      if (document.activeElement !== input) return;
      open();
      said.textContent = `${options().length} ${said.dataset.count}`;
      if (wanted && listed === words()) { const way = wanted; wanted = 0; step(way); }
    });
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        step(event.key === "ArrowDown" ? 1 : -1);
      } else if (event.key === "Enter") {
        event.preventDefault(); // Enter in this field never sends the form
        if (!list.hidden && active >= 0) choose(options()[active]);
      } else if (event.key === "Escape") {
        wanted = 0;
        if (!list.hidden) event.preventDefault();
        close();
      }
    });
    input.addEventListener("blur", () => {
      wanted = 0;
      setTimeout(close, 150);
      if (words() && !chosen.value) said.textContent = said.dataset.free;
    });
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) choose(option);
    });
  }

  document.querySelectorAll("[data-line]").forEach(combobox);

  const saying = (part) => part.querySelector("[data-same]")?.dataset.same ?? part.textContent.replace(/\s+/g, " ").trim();
  let held = []; // where the cursor stood in the answers of a part: they are moved into its new words
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const part = event.detail.target;
    if (saying(part) === saying(event.detail.fragment)) { event.detail.shouldSwap = false; return; }
    held = [...part.querySelectorAll("input[type=text], select")]
      .map((field) => [field, field === document.activeElement, field.selectionStart, field.selectionEnd]);
  });
  document.addEventListener("htmx:oobAfterSwap", () => {
    for (const [field, focused, from, to] of held) {
      if (!field.isConnected) continue;
      if (focused && document.activeElement !== field) field.focus({ preventScroll: true });
      if (from !== undefined) field.setSelectionRange(from, to);
    }
    held = [];
  });

  // A check that could not be made: the sentence of the words before is taken away, and the warnings, which hold answers, say
  // that they are of before. Once the lock is opened or the network is back the check is made at once.
  const form = document.querySelector("form:has([data-line])");
  let unchecked = false;
  const ofCheck = (event) => event.detail.elt.matches?.("[data-typed]");
  function mark(now) {
    unchecked = now;
    for (const said of form.querySelectorAll(".said")) said.hidden = now;
    for (const old of form.querySelectorAll("[data-old]")) old.hidden = !now || !old.nextElementSibling.querySelector(".warned");
  }
  for (const kind of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(kind, (event) => { if (ofCheck(event)) mark(true); });
  }
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    if (unchecked && ofCheck(event) && event.detail.xhr.status < 400) mark(false);
  });
  const again = () => { if (unchecked) form.querySelector("[data-typed]").dispatchEvent(new Event("chosen")); };
  document.addEventListener("unlocked", again);
  window.addEventListener("online", again);
})();
