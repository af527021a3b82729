// Runs before the first paint: says that scripts run, and applies the theme the reader chose.
document.documentElement.dataset.js = "";
try {
  const theme = localStorage.getItem("gatekeeper-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden; the system's choice holds then.
}
