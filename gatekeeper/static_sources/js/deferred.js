// What takes long to work out is fetched after the page is there. Without this script its link shows the page with it.
for (const place of document.querySelectorAll("[data-deferred]")) {
  const link = place.querySelector("[data-deferred-link]");
  const said = place.querySelector("[role=status]");
  if (!link || !said) continue;
  place.setAttribute("aria-busy", "true");
  said.textContent = place.dataset.deferred;
  link.hidden = true;
  try {
    const answer = await fetch(link.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = answer.ok && page.getElementById(place.id);
    if (!found) throw new Error(String(answer.status));
    place.replaceChildren(...found.childNodes);
    document.getElementById("announcements").textContent = place.dataset.deferredDone;
  } catch {
    said.textContent = place.dataset.deferredFailed;
    link.hidden = false;
  } finally {
    place.removeAttribute("aria-busy");
  }
}
