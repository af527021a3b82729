// The sync's progress: asks every second and a half while it runs, and shows the finished page when it is done.
const panel = document.querySelector("[data-progress]");
if (panel) {
  const text = panel.querySelector("[data-progress-words]");
  const started = Date.now();
  const ask = async () => {
    try {
      const answer = await fetch(panel.dataset.progress, { headers: { Accept: "application/json" } });
      const state = await answer.json();
      text.textContent = state.message;
      if (state.done) {
        location.replace(panel.dataset.after);
        return;
      }
    } catch {
      text.textContent = panel.dataset.noAnswer;
    }
    if (Date.now() - started < 300000) setTimeout(ask, 1500);
    else text.textContent = panel.dataset.unfinished;
  };
  setTimeout(ask, 600);
}
