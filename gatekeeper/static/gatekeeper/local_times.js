// Times come in UTC and are shown in the reader's own zone, with the zone's name; how long ago stands beside it.
const language = document.documentElement.lang;
const CLOCK = { hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
const FULL = { ...CLOCK, day: "numeric", month: "short", year: "numeric" };
const full = new Intl.DateTimeFormat(language, FULL);
const second = new Intl.DateTimeFormat(language, { ...FULL, second: "2-digit" });
const clock = new Intl.DateTimeFormat(language, CLOCK);

for (const element of document.querySelectorAll("time[data-moment]")) {
  const moment = new Date(element.dateTime);
  if (Number.isNaN(moment.getTime())) continue;
  if (element.dataset.moment === "clock") element.textContent = clock.format(moment);
  else if (element.dataset.moment === "second") element.textContent = second.format(moment);
  else if (element.dataset.moment === "full") element.textContent = full.format(moment);
  else element.title = full.format(moment);
}
