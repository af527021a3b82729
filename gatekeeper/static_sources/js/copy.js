// Buttons that copy a read-only field: data-copies="ID of the field". data-copy-and-close also closes the dialog, or the
// part of the page, whose secret is shown this one time (data-secret; data-address: what to load again instead of it).
// What is announced and shown stands in the page: data-copied of the field, data-copied-word of the button's text.
async function copy(field) {
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    // No clipboard API without HTTPS, or not allowed: the older way still works from a click.
    return document.execCommand("copy");
  }
}

function showAsCopied(button, word) {
  if (button.classList.contains("button-copied")) return;
  const before = word.textContent;
  button.classList.add("button-copied");
  word.textContent = word.dataset.copiedWord;
  setTimeout(() => {
    word.textContent = before;
    button.classList.remove("button-copied");
  }, 2000);
}

// The same words a second time are a change only after they were gone; and a dialog has to be closed before what is
// behind it is heard.
const SOON = 100; // milliseconds
function announce(words) {
  const announcements = document.getElementById("announcements");
  announcements.textContent = "";
  setTimeout(() => {
    announcements.textContent = words;
  }, SOON);
}

async function copyFrom(button) {
  const field = document.getElementById(button.dataset.copies);
  const done = await copy(field);
  announce(done ? field.dataset.copied : document.getElementById("announcements").dataset.copyRefused);
  const word = button.querySelector("[data-copy-word]");
  if (done && word) showAsCopied(button, word);
  return done;
}

for (const button of document.querySelectorAll("[data-copies]:not([data-copy-and-close])")) {
  button.addEventListener("click", () => copyFrom(button));
}

for (const button of document.querySelectorAll("[data-copy-and-close]")) {
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    const dialog = button.closest("dialog, [data-secret]");
    const trouble = dialog.querySelector("[data-copy-trouble]");
    if (!(await copyFrom(button)) && trouble.hidden) {
      trouble.hidden = false; // The second click closes: by then the reader copied it by hand.
      return;
    }
    dialog.close?.("saved");
    const field = document.getElementById(button.dataset.copies);
    field.value = "";
    field.removeAttribute("value");
    dialog.remove(); // The key must not be found in the page afterwards.
    if (document.activeElement === document.body) document.getElementById("content").focus();
  });
}

for (const part of document.querySelectorAll("[data-secret][data-address]")) {
  history.replaceState(null, "", part.dataset.address);
}
