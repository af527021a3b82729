// A form with data-autosave saves itself when a choice changes. Without scripts it has a button.
// Where there is a warning the site answers with a question first: what is chosen is saved when that is confirmed.
// keepalive lets the request finish although the reader is already on the way to the next page.
for (const form of document.querySelectorAll("form[data-autosave]")) {
  const state = form.querySelector("[data-save-state]");
  const details = form.querySelector("[data-save-details]");
  const preview = document.getElementById(`${form.id}-preview`);
  const show = (text, kind) => {
    state.textContent = text;
    state.dataset.state = kind;
  };
  const choose = (value) => {
    for (const control of form.querySelectorAll("select, input[type=radio]")) {
      if (control.type === "radio") control.checked = control.value === value;
      else control.value = value;
    }
  };
  let previewed = document.querySelector(`[name=previewed][form="${form.id}"]`).value; // what holds, as the site said
  const carry = (shown) => {
    previewed = shown;
    form.dispatchEvent(new Event("preview:unwanted"));
    const field = Object.assign(document.createElement("input"), { type: "hidden", name: "previewed", value: shown });
    field.setAttribute("form", form.id);
    preview.replaceChildren(field);
    document.getElementById(`${form.id}-people`).replaceChildren();
    document.querySelector(`[data-preview-search="${form.id}"]`).hidden = true;
    document.querySelector(`[data-preview-said="${form.id}"]`).textContent = "";
  };
  const showDetails = (html) => details.replaceChildren(...new DOMParser().parseFromString(html ?? "", "text/html").body.childNodes);

  const save = async (confirmed) => {
    const body = new FormData(form);
    if (confirmed) body.set("confirmed", confirmed);
    show(state.dataset.saving, "saving");
    showDetails("");
    try {
      const answer = await fetch(form.action, { method: "POST", body, keepalive: true, headers: { Accept: "application/json" } });
      const result = await answer.json();
      if (result.sign_in_again) {
        location.assign(result.sign_in_again);
        return;
      }
      show(answer.status === 409 ? "" : result.message, answer.ok ? "saved" : "failed");
      showDetails(result.details);
      if (answer.status === 409) form.dispatchEvent(new Event("preview:wanted"));
      if (!answer.ok) return;
      carry(result.previewed);
      for (const notice of document.querySelectorAll(form.dataset.clears ?? ":not(*)")) notice.remove();
    } catch {
      show(state.dataset.noAnswer, "failed");
    }
  };

  form.addEventListener("change", (event) => {
    if (event.target.name !== "preview_search" && event.target.name !== "confirmed") save();
  });
  details.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const { autosaveConfirm, autosaveBack } = button.dataset;
    if (autosaveConfirm) save(autosaveConfirm);
    if (autosaveBack !== undefined) {
      choose(autosaveBack);
      showDetails("");
      show(state.dataset.unchanged, "saved");
      carry(previewed);
    }
  });
}
