// Who gains and who loses, beside the form: asks the server again whenever the form changes. Save stays one click.
const form = document.querySelector("form[data-preview]");
if (form) {
  const place = document.getElementById(form.dataset.previewPlace);
  const search = document.querySelector("[data-preview-search]");
  let waiting;
  let latest = 0;

  const ask = async (start = "0") => {
    const mine = ++latest;
    const body = new FormData(form);
    body.set("preview_start", start);
    place.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.dataset.preview, { method: "POST", body });
      const text = await answer.text();
      if (mine !== latest || !answer.ok) return;
      place.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
      search.hidden = !place.querySelector(".preview-people") && !search.querySelector("input").value;
    } catch {
      // The form works without the preview; the message after Save says what happened.
    } finally {
      if (mine === latest) place.removeAttribute("aria-busy");
    }
  };
  const askSoon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 150);
  };

  form.addEventListener("change", askSoon);
  search.addEventListener("input", askSoon);
  place.addEventListener("click", (event) => {
    const more = event.target.closest("[data-preview-start]");
    if (more) ask(more.dataset.previewStart);
  });
}
