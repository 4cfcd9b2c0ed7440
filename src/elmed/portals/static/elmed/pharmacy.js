// The pharmacy's pages: the queue says what changed while it is open, Ctrl+Enter sends, a camera reads a code.
// Every page works without it.
"use strict";

(() => {
  const EVERY = 12000;
  let etag = "";

  // What joined is told and shown on request; what left is marked in its place: no row moves under the pointer.
  async function look() {
    const list = document.getElementById("queue-list");
    if (!list || document.hidden || document.body.classList.contains("locked")) return;
    const answer = await fetch(list.dataset.live, { headers: { "HX-Request": "true", "If-None-Match": etag || list.dataset.etag } });
    if (answer.status !== 200 || list !== document.getElementById("queue-list")) return;
    etag = answer.headers.get("ETag") || "";
    const told = await answer.json(), counts = Object.values(told.counts), left = new Set(told.left);
    list.querySelectorAll("[data-count]").forEach((one, index) => { one.textContent = counts[index] ?? one.textContent; });
    list.querySelectorAll("[data-row]").forEach((row) => {
      const gone = left.has(Number(row.dataset.row));
      row.classList.toggle("gone", gone);
      row.querySelector(".left").hidden = !gone;
    });
    const news = list.querySelector("[data-joined]"), number = news.querySelector("[data-number]");
    if (number.textContent !== String(told.joined)) number.textContent = told.joined;
    news.hidden = !told.joined;
  }
  const quietly = () => look().catch(() => { /* the server is away: the next look tells */ });
  if (document.getElementById("queue-list")) setInterval(quietly, EVERY);
  document.addEventListener("visibilitychange", quietly);
  document.addEventListener("htmx:afterSettle", () => { etag = ""; });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.form?.requestSubmit();
  });
})();
