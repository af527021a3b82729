// Long lists: on a phone one button shows their filters; a text that is cut has its whole as a tooltip; a list whose
// next state is on its way is marked as busy.
for (const button of document.querySelectorAll("[data-filter-toggle]")) {
  button.addEventListener("click", () => {
    const open = button.form.toggleAttribute("data-open");
    button.setAttribute("aria-expanded", String(open));
  });
}

for (const table of document.querySelectorAll(".table-dense")) {
  table.addEventListener("pointerover", (event) => {
    const cell = event.target.closest("th, td");
    if (!cell || cell.title) return;
    const cut = [cell, ...cell.querySelectorAll(".chips, .chip")].some((part) => part.scrollWidth > part.clientWidth);
    if (cut) cell.title = cell.innerText.replace(/\s+/g, " ").trim();
  });
}

for (const list of document.querySelectorAll(".list")) {
  const wait = (event) => {
    if (!event.defaultPrevented) list.setAttribute("aria-busy", "true");
  };
  list.addEventListener("submit", wait);
  list.addEventListener("click", (event) => {
    const plain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    if (plain && event.target.closest("a[href^='?']")) wait(event);
  });
  window.addEventListener("pageshow", () => list.removeAttribute("aria-busy"));
}

const menus = document.querySelectorAll(".list-menu");
document.addEventListener("click", (event) => {
  for (const menu of menus) if (!menu.contains(event.target)) menu.open = false;
});
for (const menu of menus) {
  const close = () => {
    menu.open = false;
    menu.querySelector("summary").focus();
  };
  menu.addEventListener("keydown", (event) => menu.open && { Escape: close }[event.key]?.());
}
