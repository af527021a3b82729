// The side navigation: "Settings" unfolds, the menu opens on a phone, the theme is remembered.
function disclose(button) {
  const open = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", String(open));
  return open;
}

for (const button of document.querySelectorAll("[data-nav-toggle]")) {
  button.addEventListener("click", () => disclose(button));
}

const menu = document.querySelector("[data-menu-toggle]");
menu?.addEventListener("click", () => {
  menu.closest(".side").toggleAttribute("data-open", disclose(menu));
});

const THEMES = ["system", "light", "dark"];
const theme = document.querySelector("[data-theme-toggle]");
if (theme) {
  const root = document.documentElement;
  const name = () => root.dataset.theme ?? "system";
  const label = theme.querySelector("[data-theme-name]");
  const showName = () => {
    label.textContent = label.dataset[name()];
  };
  showName();
  theme.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(name()) + 1) % THEMES.length];
    if (next === "system") delete root.dataset.theme;
    else root.dataset.theme = next;
    showName();
    try {
      localStorage.setItem("gatekeeper-theme", next);
    } catch {
      // Not remembered then; the page still changes.
    }
  });
}
