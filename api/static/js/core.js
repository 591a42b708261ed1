// Small comforts of every page. Each works on what is in the page; without them all forms and links still do.
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  function menu(button) {
    const panel = document.getElementById(button.dataset.toggle);
    const narrow = matchMedia("(max-width: 40em)");
    const set = (open) => {
      button.setAttribute("aria-expanded", String(open));
      panel.hidden = narrow.matches && !open;
    };
    const fit = () => { button.hidden = !narrow.matches; set(false); };
    button.addEventListener("click", () => set(button.getAttribute("aria-expanded") !== "true"));
    narrow.addEventListener("change", fit);
    fit();
  }

  function reveal(button) {
    const field = document.getElementById(button.dataset.show);
    button.hidden = false;
    const set = (shown) => {
      field.type = shown ? "text" : "password";
      button.setAttribute("aria-pressed", String(shown));
      button.textContent = shown ? "Tutup" : "Lihat";
    };
    button.setAttribute("aria-label", "Lihat " + (field.labels[0]?.textContent.trim() ?? ""));
    button.addEventListener("click", () => set(field.type === "password"));
    field.form?.addEventListener("submit", () => set(false));
  }

  function copy(button) {
    if (!navigator.clipboard) return;
    const words = button.innerHTML;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "Tersalin";
      setTimeout(() => { button.innerHTML = words; }, 2000);
    });
  }

  function once(form) {
    let sent = false;
    form.addEventListener("submit", (event) => {
      if (sent) event.preventDefault();
      sent = true;
      setTimeout(() => { sent = false; }, 4000);
    });
  }

  function sign(pad) {
    const canvas = pad.querySelector("canvas"), pen = canvas.getContext("2d");
    const field = document.getElementById(pad.dataset.sign);
    if (!pen || !window.PointerEvent) return;
    pad.hidden = false;
    Object.assign(pen, { lineWidth: 3, lineCap: "round", lineJoin: "round", strokeStyle: "#10211a" });
    let drawing = false;
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      return [(event.clientX - box.left) * canvas.width / box.width, (event.clientY - box.top) * canvas.height / box.height];
    };
    canvas.addEventListener("pointerdown", (event) => {
      drawing = true;
      canvas.setPointerCapture(event.pointerId);
      pen.beginPath();
      pen.moveTo(...at(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!drawing) return;
      pen.lineTo(...at(event));
      pen.stroke();
    });
    canvas.addEventListener("pointerup", () => { drawing = false; field.value = canvas.toDataURL("image/png"); });
    pad.querySelector("[data-sign-clear]").addEventListener("click", () => {
      pen.clearRect(0, 0, canvas.width, canvas.height);
      field.value = "";
    });
  }

  function poll(part) {
    const least = Number(part.dataset.every) * 1000;
    let wait = least, timer = 0;
    const ask = async () => {
      try {
        const answer = await fetch(part.dataset.poll, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
        if (answer.status === 404) return;
        const html = answer.ok ? await answer.text() : part.innerHTML;
        wait = html.trim() === part.dataset.last ? Math.min(wait * 1.5, least * 12) : least;
        if (answer.ok && html.trim() !== part.dataset.last) { part.innerHTML = html; part.dataset.last = html.trim(); start(part); window.htmx?.process(part); }
        if (answer.status === 286) return;
        if (!answer.ok) wait = Math.min(wait * 2, least * 12);
      } catch { wait = Math.min(wait * 2, least * 12); }
      plan();
    };
    const plan = () => { clearTimeout(timer); if (!document.hidden && part.isConnected) timer = setTimeout(ask, wait); };
    document.addEventListener("visibilitychange", () => { wait = least; document.hidden ? clearTimeout(timer) : ask(); });
    plan();
  }

  function start(root = document) {
    all("[data-toggle]", root).forEach(menu);
    all("[data-show]", root).forEach(reveal);
    all("[data-copy]", root).forEach(copy);
    all("[data-print]", root).forEach((button) => { button.hidden = false; button.addEventListener("click", () => print()); });
    all("form:has([data-once])", root).forEach(once);
    all("[data-sign]", root).forEach(sign);
    all("[data-poll]", root).forEach(poll);
  }

  document.addEventListener("click", (event) => {
    // A summary's link puts the focus into the field itself, also inside a group.
    const link = event.target.closest(".govuk-error-summary a[href^='#']");
    const field = link && document.getElementById(link.hash.slice(1));
    if (!field) return;
    event.preventDefault();
    (field.closest("fieldset, .govuk-form-group") ?? field).scrollIntoView();
    field.focus({ preventScroll: true });
  });
  start();
  document.querySelector("[data-focus]")?.focus();
  document.addEventListener("htmx:after:swap", (event) => { if (event.target instanceof Element) start(event.target); });
})();
