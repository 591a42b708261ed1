// Comforts of the desks: one-key shortcuts that can be switched off, the page viewer, picking many rows.
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const KEY = "paraf-pintasan";
  const stored = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
  let shortcuts = stored() !== "mati";

  const typing = (target) => target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
  const help = document.getElementById("pintasan");
  const acts = {
    "/": () => document.querySelector("[data-shortcut='/']")?.focus(),
    "?": () => help?.showModal(),
    j: () => document.querySelector("[data-key=j]")?.click(),
    k: () => document.querySelector("[data-key=k]")?.click(),
  };
  document.addEventListener("keydown", (event) => {
    if (!shortcuts || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.target)) return;
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  });
  all("[data-shortcuts-switch]").forEach((box) => {
    box.checked = shortcuts;
    box.addEventListener("change", () => {
      shortcuts = box.checked;
      try { localStorage.setItem(KEY, shortcuts ? "hidup" : "mati"); } catch { /* private windows keep nothing */ }
    });
  });

  function viewer(box) {
    const pages = all("[data-viewer-page]", box), count = box.querySelector("[data-viewer-count]");
    let at = 0, zoom = 1, turn = 0;
    const show = () => {
      pages.forEach((page, index) => {
        page.hidden = index !== at;
        page.className = `pf-page pf-page--in${zoom} pf-page--turn${turn}`;
      });
      const image = pages[at].querySelector("img");
      if (zoom > 1 && image.dataset.large) { image.src = image.dataset.large; delete image.dataset.large; }
      count.textContent = `${at + 1} / ${pages.length}`;
    };
    const move = {
      previous: () => { at = Math.max(0, at - 1); turn = 0; },
      next: () => { at = Math.min(pages.length - 1, at + 1); turn = 0; },
      in: () => { zoom = Math.min(3, zoom + 1); },
      out: () => { zoom = Math.max(1, zoom - 1); },
      rotate: () => { turn = (turn + 90) % 360; },
    };
    const keys = { ArrowLeft: "previous", ArrowRight: "next", "+": "in", "=": "in", "-": "out", r: "rotate" };
    const act = (name) => { move[name](); show(); };
    if (!pages.length) return;
    // A link to a page of the berkas turns the viewer to it.
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[href^='#hal-']");
      const wanted = link ? pages.findIndex((page) => page.id === link.hash.slice(1)) : -1;
      if (wanted < 0) return;
      event.preventDefault();
      at = wanted;
      turn = 0;
      show();
      box.scrollIntoView();
      box.focus({ preventScroll: true });
    });
    box.querySelector("[data-viewer-tools]").hidden = false;
    all("[data-viewer-act]", box).forEach((button) => button.addEventListener("click", () => act(button.dataset.viewerAct)));
    box.addEventListener("keydown", (event) => {
      const name = keys[event.key];
      if (!name || event.ctrlKey || event.metaKey || typing(event.target)) return;
      if (event.key.length === 1 && !shortcuts) return;
      event.preventDefault();
      act(name);
    });
    show();
  }

  function picking(bar) {
    const form = bar.closest("form") ?? document, words = bar.querySelector("[data-picked]"), whole = bar.querySelector("[data-pick-all]");
    const boxes = all(".pf-pick input:not(:disabled)", form);
    const tell = () => { words.textContent = `${boxes.filter((box) => box.checked).length} dari ${boxes.length} dipilih`; };
    whole.hidden = false;
    whole.querySelector("input").addEventListener("change", (event) => {
      boxes.forEach((box) => { box.checked = event.target.checked; });
      tell();
    });
    form.addEventListener("change", tell);
    tell();
  }

  // What has the focus is never behind the bar at the foot.
  document.addEventListener("focusin", (event) => {
    const bar = document.querySelector(".pf-bulk");
    if (!bar || bar.contains(event.target)) return;
    const over = bar.getBoundingClientRect(), at = event.target.getBoundingClientRect();
    if (at.bottom > over.top && at.top < over.bottom) scrollBy(0, at.bottom - over.top + 16);
  });

  // A letter leaves the pile at once; without a script its button asks the server.
  document.addEventListener("click", (event) => {
    const box = event.target.closest("[data-remove]")?.closest(".pf-letter")?.querySelector(".pf-pick input");
    if (!box) return;
    event.preventDefault();
    box.checked = false;
    box.dispatchEvent(new Event("change", { bubbles: true }));
    box.focus();
  });

  // A canned reason fills the sentence, which stays editable.
  document.addEventListener("change", (event) => {
    if (!event.target.matches(".pf-check__why select")) return;
    const note = event.target.closest(".pf-check__why").querySelector("textarea");
    const chosen = event.target.selectedOptions[0];
    if (chosen.value) note.value = chosen.textContent;
  });

  const start = (root) => {
    all("[data-viewer]", root).forEach(viewer);
    all(".pf-bulk", root).forEach(picking);
  };
  start(document);
  document.addEventListener("htmx:after:swap", (event) => { if (event.target instanceof Element) start(event.target); });
})();
