// The pharmacy's pages: the queue says what changed while it is open, Ctrl+Enter sends, a camera reads a code.
// Every page works without it.
"use strict";

(() => {
  const EVERY = 12000, AT_MOST = 120000;
  let etag = "", wait = EVERY, timer = 0, good = new Date();

  // What joined is told and shown on request; what left is marked in its place: no row moves under the pointer.
  async function look(list) {
    const answer = await fetch(list.dataset.live, {
      headers: { "HX-Request": "true", "If-None-Match": etag || list.dataset.etag }, signal: AbortSignal.timeout(EVERY) });
    if (answer.status === 401) { document.dispatchEvent(new Event("lockedout")); return; }
    if (answer.status !== 200 && answer.status !== 304) throw new Error(String(answer.status));
    const told = answer.status === 200 ? await answer.json() : null;
    if (!told || list !== document.getElementById("queue-list")) return;
    etag = answer.headers.get("ETag") || "";
    const counts = Object.values(told.counts), left = new Set(told.left);
    list.querySelectorAll("[data-count]").forEach((one, index) => { one.textContent = counts[index] ?? one.textContent; });
    list.querySelectorAll("[data-row]").forEach((row) => {
      const gone = left.has(Number(row.dataset.row));
      row.classList.toggle("gone", gone);
      row.querySelector(".left").hidden = !gone;
    });
    const news = list.querySelector("[data-joined]"), number = news.querySelector("[data-number]");
    if (number.textContent !== told.joined_words) number.textContent = told.joined_words;
    news.hidden = !told.joined;
  }

  // Without an answer it says since when it knows nothing new, asks more and more rarely, and is itself again with the next answer.
  function tell(failed) {
    const part = document.querySelector("[data-stale]"), words = part.querySelector("p");
    part.querySelector("button").hidden = !failed;
    const since = good.toLocaleTimeString([document.documentElement.lang, "en-GB"],
      { hour: "2-digit", minute: "2-digit", hourCycle: "h23", numberingSystem: "latn" });
    const now = failed ? part.dataset.stale.replace("{time}", since) : "";
    if (words.textContent !== now) words.textContent = now;
  }
  async function round() {
    clearTimeout(timer);
    const list = document.getElementById("queue-list");
    if (!list) return;
    if (!document.hidden && !document.body.classList.contains("locked")) {
      try {
        await look(list);
        if (!document.body.classList.contains("locked")) { good = new Date(); wait = EVERY; tell(false); }
      } catch {
        wait = Math.min(wait * 2, AT_MOST);
        tell(true);
      }
    }
    clearTimeout(timer);
    timer = setTimeout(round, wait);
  }
  if (document.getElementById("queue-list")) {
    timer = setTimeout(round, EVERY);
    document.querySelector("[data-stale] button").addEventListener("click", round);
    document.addEventListener("visibilitychange", round);
    document.addEventListener("unlocked", round);
    window.addEventListener("online", round);
  }
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
