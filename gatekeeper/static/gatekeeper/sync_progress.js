// The sync's progress: asks every second and a half while it runs, and shows the finished page when it is done.
const panel = document.querySelector("[data-progress]");
if (panel) {
  const words = panel.querySelector("[data-progress-words]");
  const started = Date.now();
  const ask = async () => {
    try {
      const answer = await fetch(panel.dataset.progress, { headers: { Accept: "application/json" } });
      const state = await answer.json();
      words.textContent = state.message;
      if (state.done) {
        location.replace(panel.dataset.after);
        return;
      }
    } catch {
      words.textContent = "The site did not answer; asking again…";
    }
    if (Date.now() - started < 300000) setTimeout(ask, 1500);
    else words.textContent = "Still not finished after five minutes. Look at the sync history later.";
  };
  setTimeout(ask, 600);
}
