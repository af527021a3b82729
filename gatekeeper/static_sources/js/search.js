// The search field in the head of each page: a combobox with a list of options (WAI-ARIA APG, list autocomplete with
// manual selection), and the shortcuts. Without this script the field's form leads to the page with all results.
const WAIT = 120; // milliseconds after the last character
const form = document.querySelector("[data-everywhere]"); // not for who has a profile only
if (form) {
  const field = form.querySelector("[role=combobox]");
  const panel = form.querySelector(".everywhere-panel");
  const list = form.querySelector("[role=listbox]");
  const note = form.querySelector("[data-everywhere-note]");
  const said = form.querySelector("[data-everywhere-said]");
  let options = [];
  let active = -1;
  let shown = null; // what the list was made for
  let timer = null;
  let request = null;

  const isOpen = () => !panel.hidden;

  function open() {
    panel.hidden = false;
    list.hidden = options.length === 0;
    field.setAttribute("aria-expanded", String(options.length > 0));
  }

  function close() {
    clearTimeout(timer);
    request?.abort();
    activate(-1);
    panel.hidden = true;
    field.setAttribute("aria-expanded", "false");
  }

  function activate(place) {
    options[active]?.setAttribute("aria-selected", "false");
    active = place;
    const option = options[active];
    if (!option) {
      field.removeAttribute("aria-activedescendant");
      return;
    }
    option.setAttribute("aria-selected", "true");
    field.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  function say(words, isSeen) {
    said.textContent = words;
    note.textContent = words;
    note.hidden = !isSeen;
  }

  // What was there stays until the answer comes, so nothing flickers; the option that was chosen stays chosen.
  function show(found) {
    const chosen = options[active]?.getAttribute("href");
    activate(-1);
    list.replaceChildren(...found.childNodes);
    list.dispatchEvent(new CustomEvent("content-replaced", { bubbles: true }));
    options = [...list.querySelectorAll("[role=option]")];
    say(found.dataset.said, options.length === 0);
    open();
    if (chosen) activate(options.findIndex((option) => option.getAttribute("href") === chosen));
  }

  async function ask() {
    request?.abort();
    const own = new AbortController();
    request = own;
    const text = field.value;
    panel.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(`${form.dataset.everywhere}?q=${encodeURIComponent(text)}`, { signal: own.signal });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = answer.ok && page.querySelector("[data-found]"); // signed out: it is the sign-in page
      if (!found) throw new Error(String(answer.status));
      if (document.activeElement !== field) return;
      shown = text;
      show(found);
    } catch (problem) {
      if (problem.name === "AbortError") return;
      options = [];
      list.replaceChildren();
      shown = null;
      say(form.dataset.failed, true);
      open();
    } finally {
      if (request === own) panel.removeAttribute("aria-busy");
    }
  }

  function searchSoon() {
    clearTimeout(timer);
    request?.abort();
    if (field.value.trim()) timer = setTimeout(ask, WAIT);
    else close();
  }

  function openFor(text) {
    if (shown === text && options.length) open();
    else ask();
  }

  function step(by) {
    const last = options.length - 1;
    const next = active + by;
    if (next > last) activate(0);
    else activate(next < 0 ? last : next);
  }

  const keys = {
    arrowdown: () => (isOpen() ? step(1) : openFor(field.value)),
    arrowup: () => (isOpen() ? step(active < 0 ? 0 : -1) : openFor(field.value)),
    home: () => active >= 0 && activate(0),
    end: () => active >= 0 && activate(options.length - 1),
    enter: () => isOpen() && options[active]?.click(),
    escape: () => {
      if (isOpen()) close();
      else field.value = "";
    },
  };

  field.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    if (event.isComposing || !Object.hasOwn(keys, key)) return;
    const isOwn = key.startsWith("arrow") || key === "escape" || (isOpen() && active >= 0);
    if (isOwn) event.preventDefault();
    if (isOwn) keys[key]();
  });
  field.addEventListener("input", searchSoon);
  form.addEventListener("focusout", (event) => {
    if (!form.contains(event.relatedTarget)) close();
  });
  panel.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus

  // Shortcuts. Those of one character work only while no field has the focus, and can be switched off (WCAG 2.1.4).
  const dialog = document.getElementById("shortcuts");
  const single = document.getElementById("single-keys");
  const read = () => {
    try {
      return localStorage.getItem("gatekeeper-single-keys") !== "off";
    } catch {
      return true; // storage may be forbidden
    }
  };
  single.checked = read();
  single.addEventListener("change", () => {
    try {
      localStorage.setItem("gatekeeper-single-keys", single.checked ? "on" : "off");
    } catch {
      // Not remembered then; it holds on this page.
    }
  });

  function focusField() {
    field.focus();
    field.select();
  }

  document.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    const withControl = event.ctrlKey || event.metaKey;
    if (document.querySelector("dialog:modal")) return;
    if (key === "k" && withControl && !event.altKey && !event.shiftKey) {
      event.preventDefault();
      focusField();
      return;
    }
    const isInField = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (withControl || event.altKey || isInField || !single.checked) return;
    if (key === "/") {
      event.preventDefault();
      focusField();
    } else if (key === "?") {
      event.preventDefault();
      dialog.showModal();
    }
  });

  if (/mac|iphone|ipad/i.test(navigator.userAgent)) {
    for (const element of document.querySelectorAll("[data-key]")) element.textContent = element.dataset.key;
  }
}
