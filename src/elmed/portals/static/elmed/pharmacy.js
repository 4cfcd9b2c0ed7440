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

  // A camera reads the patient's code. The decoder is fetched only once somebody asks for it; without a camera, or where
  // the page is not served securely, the button stays away.
  const button = document.querySelector("button[data-camera]");
  if (!button || !navigator.mediaDevices?.getUserMedia) return;
  const video = document.querySelector("video.camera"), field = document.getElementById(button.dataset.camera);
  const told = document.querySelector("[data-camera-told]"), words = button.textContent;
  let stream = null;
  function end() {
    stream?.getTracks().forEach((track) => track.stop());
    stream = video.srcObject = null;
    video.hidden = true;
    button.textContent = words;
  }
  async function read(detector, until) {
    if (!stream) return;
    const found = await detector.detect(video).catch(() => []);
    if (!stream) return;
    if (found.length) {
      field.value = found[0].rawValue;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      end();
      document.querySelector("[name=date_of_birth]")?.focus();
    } else if (Date.now() > until) end();
    else setTimeout(read, 150, detector, until);
  }
  button.hidden = false;
  button.addEventListener("click", async () => {
    if (stream) { end(); return; }
    told.hidden = true;
    try {
      const { BarcodeDetector } = await import(button.dataset.decoder);
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      video.srcObject = stream;
      video.hidden = false;
      button.textContent = button.dataset.stop;
      await video.play();
      read(new BarcodeDetector({ formats: ["qr_code"] }), Date.now() + 60000);
    } catch {
      end();
      told.hidden = false;
    }
  });
})();
