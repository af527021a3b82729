// Who gains and who loses, beside a form: asks the server again whenever the form changes. Save stays one click.
for (const form of document.querySelectorAll("form[data-preview]")) {
  const place = document.getElementById(`${form.id}-preview`);
  const people = document.getElementById(`${form.id}-people`);
  const search = document.querySelector(`[data-preview-search="${form.id}"]`);
  const said = document.querySelector(`[data-preview-said="${form.id}"]`);
  let waiting;
  let latest = 0;

  // The sentence stands in a live region; what warns beside it is announced, unless it is what was said last.
  const announcements = document.getElementById("announcements");
  const sayWarnings = () => {
    const warnings = [...place.querySelectorAll(".notice")].map((notice) => notice.textContent.trim()).join(" ");
    if (announcements.textContent !== warnings) announcements.textContent = warnings;
  };

  const ask = async (page = {}) => {
    const mine = ++latest;
    const body = new FormData(form);
    for (const [name, value] of Object.entries(page)) body.set(`preview_${name}`, value);
    place.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.dataset.preview, { method: "POST", body });
      const text = await answer.text();
      if (mine !== latest || !answer.ok) return;
      const found = new DOMParser().parseFromString(text, "text/html").body;
      const foundPeople = found.querySelector("[data-preview-people]");
      foundPeople?.remove();
      people.replaceChildren(...(foundPeople?.childNodes ?? []));
      place.replaceChildren(...found.childNodes);
      said.textContent = place.querySelector("[data-sentence]")?.dataset.sentence ?? "";
      sayWarnings();
      search.hidden = !people.querySelector(".preview-people") && !search.querySelector("input").value;
    } catch {
      // The form works without the preview; the message after Save says what happened.
    } finally {
      if (mine === latest) place.removeAttribute("aria-busy");
    }
  };
  const askSoon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 150, {});
  };

  // A form that saves itself asks for its preview only when there is something to decide (autosave.js).
  form.addEventListener("preview:wanted", () => ask());
  // Answered meanwhile: what is still on its way shows facts from before the answer, so it is not shown any more.
  form.addEventListener("preview:unwanted", () => {
    latest += 1;
    place.removeAttribute("aria-busy");
  });
  form.addEventListener("change", (event) => {
    if (event.target.name !== "confirmed" && !("autosave" in form.dataset)) askSoon();
  });
  form.addEventListener("input", (event) => {
    if (event.target.tagName === "TEXTAREA") askSoon();
  });
  search.addEventListener("input", askSoon);
  if ("previewNow" in form.dataset) ask();
  people.addEventListener("click", (event) => {
    const turn = event.target.closest("[data-preview-page]");
    if (turn) ask({ [turn.dataset.previewPage]: turn.value });
  });
}
