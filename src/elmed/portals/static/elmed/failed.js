// A request of htmx that failed is told where its answer would have been; the words go once the next one is answered.
// The words are in `data-failed` of what asks or of what surrounds it (empty: the page's own, at the body); the place is the
// live region that `data-failed-in` names, else behind the target. Not told: 401, for which lock.js covers the page, and
// what was given up for a newer request.
"use strict";

(() => {
  let told = []; // what failed, and its words on the page

  // The checks of a form are one thing wherever they begin: the next that is answered speaks for all of it.
  function whatOf({ elt, target }) {
    const around = elt.closest("[data-failed]");
    return around && around !== document.body ? around : target;
  }

  function tell({ detail }) {
    if (detail.xhr.status === 401) return;
    const what = whatOf(detail), words = what.dataset.failed || document.body.dataset.failed;
    const region = document.getElementById(detail.elt.closest("[data-failed-in]")?.dataset.failedIn ?? "");
    const place = region || what;
    if (told.some((one) => one.place === place && one.what === what && one.part.isConnected)) return;
    const part = Object.assign(document.createElement("p"), { className: "field-error" });
    if (region) region.append(part);
    else { part.setAttribute("role", "status"); place.after(part); }
    part.textContent = words;
    told.push({ what, place, part });
  }
  for (const kind of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) document.addEventListener(kind, tell);

  document.addEventListener("htmx:beforeOnLoad", ({ detail }) => {
    if (detail.xhr.status >= 400) return;
    const what = whatOf(detail);
    told.filter((one) => one.what === what).forEach((one) => one.part.remove());
    told = told.filter((one) => one.what !== what);
  });
})();
