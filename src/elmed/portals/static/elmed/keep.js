// What somebody typed outlives an ended session, a stale page, a lost connection: it is kept in this tab
// (sessionStorage, never localStorage) until the form was taken or the person signs out, and put back with a notice.
// Not kept: passwords, codes, files, hidden fields, and whatever carries data-keep="no". What stands in a
// data-keep="together" is one thing (a medicine's words and which one was chosen): kept and put back whole, its hidden
// field too; it hears of that by the event `kept`. A form with data-put-back="name" can have rows that a fresh page has not:
// it is asked for once more with all that was kept and a field of that name, which saves nothing, and shows it.
"use strict";

(() => {
  const PREFIX = "elmed:kept:", WHO = "elmed:who", HOURS_12 = 12 * 3600 * 1000;
  const body = document.body, who = body.dataset.who || "", interrupts = "interrupts" in body.dataset;
  let store;
  try { store = window.sessionStorage; store.getItem(WHO); } catch { return; }

  const keys = () => Object.keys(store).filter((key) => key.startsWith(PREFIX));
  const read = (key) => { try { return JSON.parse(store.getItem(key)); } catch { return null; } };
  const write = (key, entry) => { try { store.setItem(key, JSON.stringify(entry)); } catch { /* full: no harm */ } };
  const forget = () => { keys().forEach((key) => store.removeItem(key)); store.removeItem(WHO); };
  const keyOf = (form) => PREFIX + new URL(form.getAttribute("action") || location.href, location.href).pathname;

  // Another person, or none where nobody asked to sign in: nothing of the one before is left.
  const person = who.split("-")[0], before = (store.getItem(WHO) || "").split("-")[0];
  if (person && before && person !== before) forget();
  if (person) store.setItem(WHO, who);
  document.addEventListener("submit", (event) => { if ("forget" in event.target.dataset) forget(); }, true);

  const wholeOf = (field) => field.closest("[data-keep=together]");
  const keepable = (field) => field.name && !field.disabled && !field.closest("[data-keep=no]")
    && (field.type !== "hidden" || wholeOf(field)) && !["password", "file", "submit", "button", "reset", "image"].includes(field.type)
    && !/password|one-time-code/.test(field.autocomplete || "") && ["INPUT", "SELECT", "TEXTAREA"].includes(field.tagName);
  const forms = () => [...document.querySelectorAll("form[method=post]")].filter((form) => !form.closest("[data-keep=no]")
    && [...form.elements].some(keepable));
  const ticked = (field) => field.type === "checkbox" || field.type === "radio";
  const valueOf = (field) => ticked(field) ? field.checked
    : field.multiple ? [...field.selectedOptions].map((one) => one.value) : field.value;
  const begun = new WeakMap(); // a hidden field has no default of its own: it changes with the value
  const defaultOf = (field) => begun.has(field) ? begun.get(field) : ticked(field) ? field.defaultChecked
    : field.tagName !== "SELECT" ? field.defaultValue
      : field.multiple ? [...field.options].filter((one) => one.defaultSelected).map((one) => one.value)
        : ([...field.options].find((one) => one.defaultSelected) || field.options[0] || {}).value ?? "";
  const idOf = (field) => field.name + (ticked(field) ? `=${field.value}` : "");
  const labelOf = (field) => (field.labels?.[0]?.textContent || field.name).trim();
  for (const form of forms()) {
    for (const field of form.elements) if (field.type === "hidden" && keepable(field)) begun.set(field, field.value);
  }
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

  // Fields that hold what was typed although they look unchanged: the server showed them again, or we put them back.
  const typed = new WeakMap();

  function keep(form, submitted) {
    const names = typed.get(form) || new Set();
    const all = [...form.elements].filter(keepable);
    const changed = all.filter((field) => names.has(idOf(field)) || !same(valueOf(field), defaultOf(field)));
    const wholes = new Set(changed.map(wholeOf).filter(Boolean));
    const fields = all.filter((field) => changed.includes(field) || wholes.has(wholeOf(field))).map((field) => ({
      id: idOf(field), value: valueOf(field), label: labelOf(field), ticked: ticked(field), hidden: field.type === "hidden" }));
    if (!fields.length) { store.removeItem(keyOf(form)); return; }
    write(keyOf(form), { who, at: Date.now(), submitted, fields });
  }

  let busy = false; // what we change ourselves is not typed
  const tell = (wholes) => { for (const whole of wholes) whole.dispatchEvent(new Event("kept")); };

  function askAgain(form, entry) {
    const sent = document.createElement("form"), nameOf = (one) => one.ticked ? one.id.split("=")[0] : one.id;
    sent.method = "post";
    sent.action = form.getAttribute("action") || location.href;
    sent.hidden = true;
    const put = (name, value) => sent.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    const names = new Set(entry.fields.map(nameOf));
    for (const [name, value] of new FormData(form)) if (!names.has(name) && typeof value === "string") put(name, value);
    for (const one of entry.fields) {
      if (!one.ticked) [one.value].flat().forEach((value) => put(one.id, value));
      else if (one.value) put(nameOf(one), one.id.slice(nameOf(one).length + 1));
    }
    put(form.dataset.putBack, "yes");
    document.body.append(sent);
    sent.submit();
  }

  function putBack(form, entry) {
    const places = new Map([...form.elements].filter(keepable).map((field) => [idOf(field), field]));
    const homeless = [], hidden = [], wholes = new Set();
    const more = entry.fields.some((one) => !one.hidden && !places.has(one.id) && (one.ticked ? one.value : one.value.length));
    if (more && form.dataset.putBack && !entry.again) { // once: what has no place then either is told
      write(keyOf(form), { ...entry, again: true });
      askAgain(form, entry);
      return;
    }
    let changed = false;
    busy = true;
    typed.set(form, new Set(entry.fields.map((one) => one.id)));
    for (const one of entry.fields) {
      const field = places.get(one.id);
      if (!field) { if (!one.ticked && !one.hidden && one.value.length) homeless.push(one); continue; }
      if (wholeOf(field)) wholes.add(wholeOf(field));
      if (one.hidden) { hidden.push([field, one.value]); continue; }
      if (same(valueOf(field), one.value)) continue;
      changed = true;
      if (one.ticked) field.checked = one.value;
      else if (field.multiple) for (const option of field.options) option.selected = one.value.includes(option.value);
      else field.value = one.value;
      field.closest("details")?.setAttribute("open", "");
      for (const kind of ["input", "change"]) field.dispatchEvent(new Event(kind, { bubbles: true }));
    }
    // The last word is theirs: words that are put back into a field take away what was chosen by it.
    for (const [field, value] of hidden) { changed ||= field.value !== value; field.value = value; }
    tell(wholes);
    busy = false;
    if (changed || homeless.length || entry.again) notice(form, homeless, entry.again);
  }

  function notice(form, homeless, again) {
    const part = document.getElementById("kept-notice").content.firstElementChild.cloneNode(true);
    const list = part.querySelector("dl");
    for (const one of homeless) {
      list.append(Object.assign(document.createElement("dt"), { textContent: one.label }),
        Object.assign(document.createElement("dd"), { textContent: String(one.value) }));
    }
    part.querySelector("[data-homeless]").hidden = !homeless.length;
    part.querySelector("button").addEventListener("click", () => {
      store.removeItem(keyOf(form));
      typed.delete(form);
      if (again) { location.assign(location.pathname + location.search); return; } // the page holds it as its own
      form.reset();
      const hidden = [...form.elements].filter((field) => begun.has(field));
      for (const field of hidden) field.value = begun.get(field);
      busy = true;
      tell(new Set(hidden.map(wholeOf)));
      busy = false;
      part.remove();
    });
    form.before(part);
  }

  // Once the page's other scripts and htmx listen: what they do with a field, they do with one that is put back.
  function arrive() {
    const how = performance.getEntriesByType("navigation")[0]?.type || "navigate";
    const here = new Map(interrupts ? [] : forms().map((form) => [keyOf(form), form]));
    for (const key of keys()) {
      const entry = read(key);
      if (!entry || Date.now() - entry.at > HOURS_12) { store.removeItem(key); continue; }
      if (interrupts) { if (entry.submitted) write(key, { ...entry, submitted: false }); continue; }
      if (!who) continue; // a public page says nothing about a form behind the sign-in
      const form = here.get(key), arrived = entry.submitted && how === "navigate";
      if (form && entry.who === who && !arrived) putBack(form, entry);
      else if (form && arrived) { typed.set(form, new Set(entry.fields.map((one) => one.id))); store.removeItem(key); }
      else if (entry.submitted) store.removeItem(key); // the form was taken: another page came
    }
  }
  document.addEventListener("DOMContentLoaded", arrive);

  // What the server kept and shows again (portals/kept.py) is begun afresh here too.
  document.querySelector("a[data-afresh]")?.addEventListener("click", () => {
    for (const form of forms()) store.removeItem(keyOf(form));
  });

  let timer;
  const later = (event) => {
    const form = event.target.form;
    if (busy || !form || !forms().includes(form)) return;
    clearTimeout(timer);
    timer = setTimeout(() => keep(form, false), 300);
  };
  if (!interrupts) {
    document.addEventListener("input", later);
    document.addEventListener("change", later);
    document.addEventListener("submit", (event) => {
      clearTimeout(timer);
      if (forms().includes(event.target)) keep(event.target, true);
    }, true);
  }
})();
