// A few small helps; every page works without them.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const summary = document.querySelector(".summary");
  if (summary) summary.focus();

  // A second click while the first is on its way sends nothing; a page come back to can be sent anew.
  for (const form of document.querySelectorAll("form[method=post]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
      setTimeout(() => { delete form.dataset.sent; }, 10000);
    });
    window.addEventListener("pageshow", () => { delete form.dataset.sent; });
  }

  // A scanner ends a batch number with Enter: it goes on to the next field, and only the button sends.
  for (const form of document.querySelectorAll("form[data-scan]")) {
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
      event.preventDefault();
      const fields = [...form.elements].filter((one) => one.type !== "hidden" && !one.disabled);
      fields[fields.indexOf(event.target) + 1]?.focus();
    });
  }

  // A print button too.
  for (const button of document.querySelectorAll("button[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  // A copy button appears only where copying is possible.
  for (const button of document.querySelectorAll("button[data-copy]")) {
    const source = document.getElementById(button.dataset.copy);
    if (!source || !navigator.clipboard) continue;
    button.hidden = false;
    const words = button.textContent;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(source.textContent.trim());
        button.textContent = "Copied";
      } catch {
        button.textContent = "Not copied: select the text";
      }
      setTimeout(() => { button.textContent = words; }, 4000);
    });
  }
});
