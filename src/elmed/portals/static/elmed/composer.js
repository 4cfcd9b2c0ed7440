// The composer's medicine field as a combobox with a list box (APG): arrows, Enter, Escape; nothing is chosen beforehand.
// The list is fetched by htmx; without scripts the "Find" button lists the same as radio buttons.
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
    box.querySelector("[data-find]").hidden = true;
    for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"],
      ["aria-controls", list.id]]) input.setAttribute(name, value);

    const options = () => [...list.querySelectorAll("[role=option]")];
    const close = () => { list.hidden = true; active = -1; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };
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
      for (const [name, value] of Object.entries(fields)) {
        const field = line.querySelector(`[name$="-${name}"]`);
        if (field && field.type === "checkbox") field.checked = Boolean(value);
        else if (field) field.value = value ?? "";
      }
      said.textContent = chosen.value ? said.dataset.known : said.dataset.free;
      close();
      input.dispatchEvent(new Event("change", { bubbles: true }));
      line.dispatchEvent(new Event("chosen"));
      const dose = line.querySelector("[name$='-dose']");
      dose.focus();
      dose.select(); // a favourite brings one: typing takes its place
    }
    function look() {
      const words = input.value.trim();
      if (words.length < SHORTEST) { close(); return; }
      list.setAttribute("hx-vals", JSON.stringify({ box: list.id.replace("-options", ""), q: words }));
      list.dispatchEvent(new Event("search"));
    }
    input.addEventListener("input", () => {
      chosen.value = "";
      said.textContent = "";
      clearTimeout(timer);
      timer = setTimeout(look, PAUSE);
    });
    list.addEventListener("htmx:afterSwap", () => {
      active = -1;
      if (document.activeElement !== input) return;
      open();
      said.textContent = `${options().length} ${said.dataset.count}`;
    });
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) { if (options().length) open(); else look(); }
        point(event.key === "ArrowDown" ? active + 1 : Math.max(active, 0) - 1);
      } else if (event.key === "Enter") {
        event.preventDefault(); // Enter in this field never sends the form
        if (!list.hidden && active >= 0) choose(options()[active]);
      } else if (event.key === "Escape" && !list.hidden) {
        event.preventDefault();
        close();
      }
    });
    input.addEventListener("blur", () => {
      setTimeout(close, 150);
      if (input.value.trim() && !chosen.value) said.textContent = said.dataset.free;
    });
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) choose(option);
    });
  }

  document.querySelectorAll("[data-line]").forEach(combobox);
})();
