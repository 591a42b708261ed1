// Taking in an application: the NIK fills birth date and sex, the counter's form outlives a lost line, a quiet timer.
(() => {
  "use strict";
  const field = (form, name) => form.elements.namedItem(name);

  function fill(form) {
    const nik = field(form, "nik");
    nik?.addEventListener("input", () => {
      const digits = nik.value.replace(/[\s.-]/g, "");
      if (!/^\d{16}$/.test(digits)) return;
      const woman = Number(digits.slice(6, 8)) > 40;
      const day = Number(digits.slice(6, 8)) - (woman ? 40 : 0), month = Number(digits.slice(8, 10)), year = Number(digits.slice(10, 12));
      const now = new Date(), young = 2000 + year > now.getFullYear() - 17;
      const born = new Date(Date.UTC((young ? 1900 : 2000) + year, month - 1, day));
      if (born.getUTCMonth() !== month - 1 || born.getUTCDate() !== day) return;
      const date = field(form, "birth_date"), sex = field(form, "sex");
      if (!date.value) date.value = born.toISOString().slice(0, 10);
      if (!sex.value) sex.value = woman ? "P" : "L";
    });
  }

  function keep(form) {
    const key = "paraf-" + form.dataset.keep;
    const skip = (item) => !item.name || item.type === "file" || item.type === "hidden" || item.type === "password";
    const items = () => [...form.elements].filter((item) => !skip(item));
    const store = () => {
      const rows = items().map((item) => [item.name, item.value, item.checked]);
      try { sessionStorage.setItem(key, JSON.stringify(rows)); } catch { /* private windows keep nothing */ }
    };
    let rows = [];
    try { rows = JSON.parse(sessionStorage.getItem(key) ?? "[]"); } catch { rows = []; }
    if (form.dataset.fresh !== undefined) items().forEach((item, index) => {
      const row = rows[index];
      if (!row || row[0] !== item.name) return;
      if (item.type === "radio" || item.type === "checkbox") item.checked = row[2]; else if (!item.value) item.value = row[1];
    });
    form.addEventListener("input", store);
    form.addEventListener("submit", () => { if (navigator.onLine) sessionStorage.removeItem(key); });
  }

  function tick(part) {
    const since = Date.parse(part.dataset.since), words = part.querySelector("[data-timer-words]") ?? part;
    const show = () => {
      const minutes = Math.max(0, Math.floor((Date.now() - since) / 60000));
      words.textContent = `${minutes} dari ${part.dataset.timer} menit`;
    };
    show();
    setInterval(show, 15000);
  }

  const off = () => { try { return localStorage.getItem("paraf-pintasan") === "mati"; } catch { return false; } };

  document.querySelectorAll("form[data-nik]").forEach(fill);
  document.querySelectorAll("form[data-keep]").forEach(keep);
  document.querySelectorAll("[data-timer]").forEach(tick);
  document.addEventListener("keydown", (event) => {
    if (off() || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
    document.querySelector(`[data-press="${CSS.escape(event.key)}"]`)?.click();
  });
})();
