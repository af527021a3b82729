// The progress of what a worker does (data-progress): asks every second and a half, and shows the finished page when it is
// done. data-unfinished is what it says instead after five minutes; without it, it goes on asking.
const GIVE_UP_AFTER = 300000;
const panel = document.querySelector("[data-progress]");
if (panel) {
  const text = panel.querySelector("[data-progress-words]");
  const bar = panel.querySelector("[data-progress-share]");
  const started = Date.now();
  const ask = async () => {
    try {
      const answer = await fetch(panel.dataset.progress, { headers: { Accept: "application/json" } });
      const state = await answer.json();
      text.textContent = state.message;
      if (bar) bar.value = state.share;
      if (state.done) {
        location.replace(panel.dataset.after);
        return;
      }
    } catch {
      text.textContent = panel.dataset.noAnswer;
    }
    if (!panel.dataset.unfinished || Date.now() - started < GIVE_UP_AFTER) setTimeout(ask, 1500);
    else text.textContent = panel.dataset.unfinished;
  };
  setTimeout(ask, 600);
}
