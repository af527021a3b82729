// Who gains and who loses, beside the form: asks the server again whenever the form changes. Save stays one click.
const form = document.querySelector("form[data-preview]");
if (form) {
  const place = document.getElementById(form.dataset.previewPlace);
  let waiting;
  let latest = 0;
  const ask = async () => {
    const mine = ++latest;
    place.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.dataset.preview, { method: "POST", body: new FormData(form), headers: { Accept: "text/html" } });
      if (mine !== latest || !answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      place.replaceChildren(...page.body.childNodes);
    } catch {
      // The form works without the preview; the message after Save says what happened.
    } finally {
      if (mine === latest) place.removeAttribute("aria-busy");
    }
  };
  form.addEventListener("change", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 150);
  });
}
