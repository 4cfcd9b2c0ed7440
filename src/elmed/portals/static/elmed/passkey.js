// Passkeys: what needs them appears where the browser has them; a failure is told in words. allauth's scripts do the rest.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  if (!window.PublicKeyCredential) return;
  for (const part of document.querySelectorAll("[data-passkey]")) part.hidden = false;
  for (const part of document.querySelectorAll("[data-no-passkey]")) part.parentElement.hidden = true;
});

// "It is still me" with a passkey, in any form that asks: the browser is asked, then the form is sent with its main button.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-passkey-confirm]");
  if (!button) return;
  const form = button.form, failed = button.closest("[data-passkey]").querySelector("[data-passkey-failed]");
  failed.hidden = button.disabled = true;
  try {
    const answer = await fetch(button.dataset.passkeyConfirm, { headers: { Accept: "application/json" } });
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    const credential = await window.webauthnJSON.get((await answer.json()).request_options);
    form.elements.credential.value = JSON.stringify(credential);
    form.requestSubmit(form.querySelector("button.btn-primary"));
  } catch {
    failed.hidden = false;
  } finally {
    button.disabled = false;
  }
});

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  for (const words of document.querySelectorAll("[data-passkey-failed]")) words.hidden = false;
});
