// A few small helps; every page works without them. What somebody typed is kept.js's, the pause lock.js's.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const summary = document.querySelector(".summary");
  if (summary) summary.focus();
  // The address stays without "#main": with it the pages that follow would not put the cursor into their first field.
  document.querySelector("a.skip")?.addEventListener("click", (event) => {
    event.preventDefault();
    document.getElementById("main").focus();
  });
  show(document);
});

// A second click while the first is on its way sends nothing; a page come back to can be sent anew.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  setTimeout(() => { delete form.dataset.sent; }, 10000);
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
document.addEventListener("htmx:afterRequest", (event) => { delete event.target.dataset?.sent; });

// A scanner ends a batch number with Enter: it goes on to the next field, and only the button sends.
document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("form[data-scan]");
  if (!form || event.key !== "Enter" || event.target.tagName !== "INPUT") return;
  event.preventDefault();
  const fields = [...form.elements].filter((one) => one.matches("input, select, textarea, button") // no fieldset, and no day in words
    && one.type !== "hidden" && one.type !== "button" && !one.disabled);
  fields[fields.indexOf(event.target) + 1]?.focus();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("button");
  if (!button) return;
  if ("print" in button.dataset) window.print();
  const source = button.dataset.copy && document.getElementById(button.dataset.copy);
  if (!source) return;
  const words = button.textContent;
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    button.textContent = document.body.dataset.copied;
  } catch {
    button.textContent = document.body.dataset.notCopied;
  }
  setTimeout(() => { button.textContent = words; }, 4000);
});

// A browser shows the parts of a date in an order of its own, so 03/02 may be either: beside the label stands the day as
// ELMED writes it everywhere, in English in every language.
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
function tell(field) {
  const label = field.labels?.[0];
  if (!label) return;
  if (!label.nextElementSibling?.matches("output.day")) {
    label.insertAdjacentHTML("afterend", '<output class="day" dir="ltr"></output>');
  }
  const [year, month, day] = field.value.split("-");
  label.nextElementSibling.value = year > 999 ? `${day}-${MONTHS[month - 1]}-${year}` : "";
}
for (const kind of ["input", "change"]) {
  document.addEventListener(kind, (event) => { if (event.target.type === "date") tell(event.target); });
}

// Buttons that only a script can serve appear where it runs: printing, copying where the browser can.
function show(within) {
  for (const button of within.querySelectorAll("button[data-print]")) button.hidden = false;
  for (const field of within.querySelectorAll("input[type=date]")) tell(field);
  for (const button of within.querySelectorAll("button[data-copy]")) button.hidden = !navigator.clipboard;
}
document.addEventListener("htmx:load", (event) => show(event.target));
