// The ticks of a set-up link: each list asks every few seconds while the page is seen, and says what is new.
// Without this script, or once the link is over, "Look again" loads the page.
const EVERY = 3_000;
for (const first of document.querySelectorAll("[data-ticks]")) {
  let list = first;
  let asking = null;

  const done = (of) => new Set([...of.querySelectorAll("[data-done]")].map((tick) => tick.dataset.tick));

  const show = (html) => {
    const found = new DOMParser().parseFromString(html, "text/html").querySelector("[data-ticks]");
    if (!found) return;
    const before = done(list);
    const added = [...found.querySelectorAll("[data-done]")].filter((tick) => !before.has(tick.dataset.tick));
    if (!added.length) return;
    list.replaceWith(found);
    list = found;
    document.getElementById("announcements").textContent = added.map((tick) => tick.dataset.done).join(", ");
  };

  async function ask() {
    asking = null;
    try {
      const answer = await fetch(list.dataset.ticks);
      if (!answer.ok) return; // the link is over: the next page says so
      show(await answer.text());
    } catch {
      // The site did not answer; asking goes on.
    }
    later();
  }

  function later() {
    const open = list.querySelector("li:not([data-done])");
    if (open && asking === null && document.visibilityState === "visible") asking = setTimeout(ask, EVERY);
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(asking);
    asking = null;
    if (document.visibilityState === "visible") ask();
  });
  later();
}
