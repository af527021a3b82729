// After a form was refused the focus is where somebody has to mend something: the first bad field, or what says why.
const bad = [...document.querySelectorAll("main [aria-invalid=true]")].find((field) => field.checkVisibility());
const reason = [...document.querySelectorAll("main :is(form [role=alert],[data-refusal])")].find(
  (alert) => alert.textContent.trim() && alert.checkVisibility(),
);
const place = bad ?? reason;
const hasOwn = [...document.querySelectorAll("[autofocus]")].some((field) => field.checkVisibility());
if (place && !hasOwn && document.activeElement === document.body) {
  if (place === reason) place.setAttribute("tabindex", "-1");
  place.focus();
}
