// After a pause the page is covered and asks for the password again; what was typed stays beneath. The server locks too
// (portals/idle.py); this keeps passers-by from reading. Tabs tell each other that somebody is there. The document hears of the
// end by the event `unlocked`; whoever fetches without htmx tells of a 401 by `lockedout`.
"use strict";

(() => {
  const dialog = document.getElementById("lock");
  if (!dialog?.showModal) return;
  const form = dialog.querySelector("form"), told = dialog.querySelector("[role=alert]"), field = form.querySelector("[type=password]");
  const after = Number(dialog.dataset.seconds) * 1000, title = document.title;
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("elmed-lock") : null;
  let last = Date.now(), asked = Date.now(), spread = 0, locked = false;

  function used() {
    if (locked) return;
    last = Date.now();
    if (channel && last - spread > 5000) { spread = last; channel.postMessage("used"); }
    if (last - asked > Math.min(240000, after / 2)) { // the server sees requests, not typing
      asked = last;
      fetch(dialog.dataset.alive, { redirect: "manual" }).then((answer) => { if (answer.status !== 204) lock(); }).catch(() => {});
    }
  }
  for (const kind of ["keydown", "pointerdown", "wheel", "touchstart"]) {
    document.addEventListener(kind, (event) => { if (event.isTrusted) used(); }, { passive: true, capture: true });
  }
  channel?.addEventListener("message", (event) => {
    if (event.data === "used" && !locked) last = asked = Date.now();
    if (event.data === "locked") lock(true);
    if (event.data === `open ${document.body.dataset.who}`) open();
  });

  const late = () => { if (!locked && Date.now() - last >= after) lock(); };
  setInterval(late, Math.min(5000, after / 2));
  for (const kind of ["visibilitychange", "focus", "pageshow"]) window.addEventListener(kind, late, true);
  document.addEventListener("htmx:responseError", (event) => { if (event.detail.xhr.status === 401) lock(); });

  document.addEventListener("lockedout", () => lock());

  function lock(heard) {
    if (locked) return;
    locked = true;
    if (!heard) channel?.postMessage("locked");
    document.title = dialog.getAttribute("data-title");
    document.body.classList.add("locked");
    if (!dialog.open) dialog.showModal();
  }
  function open() {
    if (!locked) return;
    locked = false;
    last = asked = Date.now();
    form.reset();
    told.textContent = "";
    document.title = title;
    document.body.classList.remove("locked");
    dialog.close();
    document.dispatchEvent(new Event("unlocked"));
  }
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.addEventListener("close", () => { if (locked) dialog.showModal(); });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    told.textContent = "";
    const sent = new FormData(form);
    sent.set("password", field.value);
    try {
      const answer = await fetch(form.action, { method: "POST", body: sent, headers: { "X-Lock": "1" } });
      if (answer.status === 204) { channel?.postMessage(`open ${document.body.dataset.who}`); open(); return; }
      if (answer.redirected || answer.status === 403) { // the session has ended: sign in, and come back to what was typed
        location.assign(`${dialog.dataset.signIn}?next=${encodeURIComponent(location.pathname + location.search)}`);
        return;
      }
      told.textContent = answer.status === 422 || answer.status === 429 ? await answer.text() : dialog.dataset.away;
    } catch {
      told.textContent = dialog.dataset.away;
    }
    field.value = "";
    field.focus();
    delete form.dataset.sent;
  });
})();
