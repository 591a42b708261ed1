// Passkeys: a button asks the server for a challenge, the device for an answer, and sends it with the form around it.
(() => {
  "use strict";
  if (!window.PublicKeyCredential || !navigator.credentials) return;
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const ids = (list = []) => list.map((one) => ({ ...one, id: bytes(one.id) }));

  function options(given) {
    const found = { ...given, challenge: bytes(given.challenge) };
    if (given.user) found.user = { ...given.user, id: bytes(given.user.id) };
    if (given.excludeCredentials) found.excludeCredentials = ids(given.excludeCredentials);
    if (given.allowCredentials) found.allowCredentials = ids(given.allowCredentials);
    return found;
  }

  function answer(made) {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (made.response[name]) response[name] = text(made.response[name]);
    }
    const extra = { clientExtensionResults: made.getClientExtensionResults(), authenticatorAttachment: made.authenticatorAttachment };
    return JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, response, ...extra });
  }

  async function ask(button) {
    const body = new URLSearchParams({ subject: button.dataset.subject ?? "" });
    const asked = await fetch(button.dataset.challenge, { method: "POST", body, credentials: "same-origin" });
    if (!asked.ok) throw new Error(String(asked.status));
    const { token, options: given } = await asked.json();
    const publicKey = options(JSON.parse(given));
    const made = await (publicKey.user ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey }));
    return [token, answer(made)];
  }

  function ready(button) {
    const note = document.getElementById(button.getAttribute("aria-describedby"));
    const prefix = button.dataset.passkey;
    button.hidden = false;
    button.addEventListener("click", async () => {
      button.disabled = true;
      if (note) note.textContent = "Ikuti petunjuk di perangkat Anda.";
      try {
        const [token, made] = await ask(button);
        button.form.elements[prefix + "token"].value = token;
        button.form.elements[prefix + "answer"].value = made;
        button.form.submit();
      } catch {
        if (note) note.textContent = "Passkey tidak dipakai: dibatalkan, tidak cocok, atau perangkat ini belum punya. Coba lagi, atau pakai cara lain.";
        button.disabled = false;
      }
    });
  }

  document.querySelectorAll("[data-passkey]").forEach(ready);
})();
