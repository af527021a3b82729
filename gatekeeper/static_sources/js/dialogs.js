// Native dialogs. A button or form with data-opens="ID" opens one; without scripts the form leads to a page instead.
for (const opener of document.querySelectorAll("[data-opens]")) {
  const kind = opener.tagName === "FORM" ? "submit" : "click";
  opener.addEventListener(kind, (event) => {
    const dialog = document.getElementById(opener.dataset.opens);
    if (!dialog) return;
    event.preventDefault();
    dialog.showModal();
  });
}

for (const button of document.querySelectorAll("[data-closes]")) {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    button.closest("dialog").close();
  });
}

// The server may send a dialog open: the new key, or a form that was refused. Make it a real modal one.
for (const dialog of document.querySelectorAll("dialog[open]")) {
  dialog.removeAttribute("open");
  dialog.showModal();
  // Nothing had the focus before: it goes to what opens this dialog, or to the page.
  const opener = document.querySelector(`[data-opens="${dialog.id}"]`);
  const back = opener?.querySelector("button") ?? opener ?? document.getElementById("content");
  dialog.addEventListener("close", () => back.focus());
  if (dialog.dataset.address) history.replaceState(null, "", dialog.dataset.address);
}

// What is shown once must not vanish by a slip of the finger: the first Escape explains, the second closes.
for (const dialog of document.querySelectorAll("dialog[data-keep]")) {
  dialog.addEventListener("cancel", (event) => {
    const note = dialog.querySelector("[data-keep-note]");
    if (note.hidden) {
      note.hidden = false;
      event.preventDefault();
    }
  });
  dialog.addEventListener("close", () => dialog.remove());
}
