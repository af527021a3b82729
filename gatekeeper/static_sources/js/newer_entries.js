// A log that is open says how many entries came since: "12 new entries", in a place that is kept free, so that nothing
// moves. It asks every ten seconds while the page is seen. The link shows them without leaving the page: what is new is
// marked, and the rest stays where it was read.
const EVERY = 10_000;
const ENTRIES = '[data-log-part="entries"]';
const link = document.querySelector("[data-newer]");
if (link) {
  const text = link.querySelector("[data-newer-text]");
  const said = document.querySelector("[data-newer-said]");
  const reload = text.textContent;
  let asking = null;
  let number = 0;

  const address = () => {
    const query = new URLSearchParams(location.search);
    query.set("than", link.dataset.newest);
    return `${link.dataset.newer}?${query}`;
  };

  const say = (words) => {
    if (said.textContent !== words) said.textContent = words;
  };

  async function ask() {
    asking = null;
    try {
      const answer = await fetch(address(), { headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) return; // signed out, or the filters are gone: the link still works
      const found = await answer.json();
      if (found.number && found.number !== number) {
        number = found.number;
        text.textContent = found.text;
        link.classList.add("newer-some");
        say(found.text);
      }
    } catch {
      // The site did not answer; asking goes on.
    }
    later();
  }

  function later() {
    if (asking === null && document.visibilityState === "visible") asking = setTimeout(ask, EVERY);
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(asking);
    asking = null;
    if (document.visibilityState === "visible") ask();
  });

  async function show(event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    const answer = await fetch(link.href).catch(() => null);
    const page = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
    const newest = page && page.querySelector("[data-newer]");
    if (!newest || !page.querySelector(ENTRIES) || !document.querySelector(ENTRIES)) {
      location.assign(link.href); // signed out, or the list is or was empty: there is no table to fill
      return;
    }
    replace(page);
    link.dataset.newest = newest.dataset.newest;
    number = 0;
    text.textContent = reload;
    link.classList.remove("newer-some");
    say(link.dataset.shown);
    link.focus();
  }

  // The parts of the page that name themselves: rows by their entry, so that those that were not there are marked.
  function replace(page) {
    const before = new Set([...document.querySelectorAll("[data-entry]")].map((row) => row.dataset.entry));
    for (const part of document.querySelectorAll("[data-log-part]")) {
      const found = page.querySelector(`[data-log-part="${part.dataset.logPart}"]`);
      if (!found) continue;
      part.replaceChildren(...found.childNodes);
      part.dispatchEvent(new CustomEvent("content-replaced", { bubbles: true }));
    }
    for (const row of document.querySelectorAll("[data-entry]")) {
      if (!before.has(row.dataset.entry)) row.classList.add("entry-new");
    }
  }

  link.addEventListener("click", show);
  later();
}
