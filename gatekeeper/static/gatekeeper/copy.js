// Buttons that copy a read-only field: data-copies="ID of the field". data-copy-and-close also closes the dialog.
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

function say(text) {
  const region = document.getElementById("announcements");
  if (region) region.textContent = text;
}

async function copyFrom(button) {
  const field = document.getElementById(button.dataset.copies);
  const done = await copy(field);
  const words = button.querySelector("[data-copy-word]");
  say(done ? `${field.dataset.noun ?? "The value"} is on the clipboard.` : "Copying is not allowed here. The text is selected: copy it with your keyboard.");
  if (done && words) {
    button.classList.add("button-copied");
    words.textContent = "Copied";
    setTimeout(() => {
      words.textContent = "Copy";
      button.classList.remove("button-copied");
    }, 2000);
  }
  return done;
}

for (const button of document.querySelectorAll("[data-copies]:not([data-copy-and-close])")) {
  button.addEventListener("click", () => copyFrom(button));
}

for (const button of document.querySelectorAll("[data-copy-and-close]")) {
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    const dialog = button.closest("dialog");
    const trouble = dialog.querySelector("[data-copy-trouble]");
    if (!(await copyFrom(button)) && trouble.hidden) {
      trouble.hidden = false; // The second click closes: by then the reader copied it by hand.
      return;
    }
    dialog.close("saved");
    const field = document.getElementById(button.dataset.copies);
    field.value = "";
    field.removeAttribute("value");
    dialog.remove(); // The key must not be found in the page afterwards.
  });
}
