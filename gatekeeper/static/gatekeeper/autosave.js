// A form with data-autosave saves itself when a choice changes. Without scripts it has a button.
// keepalive lets the request finish although the reader is already on the way to the next page.
for (const form of document.querySelectorAll("form[data-autosave]")) {
  const state = form.querySelector("[data-save-state]");
  const tell = (text, kind) => {
    state.textContent = text;
    state.dataset.state = kind;
  };
  form.addEventListener("change", async () => {
    tell("Saving…", "saving");
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), keepalive: true, headers: { Accept: "application/json" } });
      const result = await answer.json();
      tell(result.message, answer.ok ? "saved" : "failed");
      if (answer.ok) {
        for (const notice of document.querySelectorAll(form.dataset.clears ?? ":not(*)")) notice.remove();
      }
    } catch {
      tell("Not saved: the site did not answer. Try again.", "failed");
    }
  });
}
