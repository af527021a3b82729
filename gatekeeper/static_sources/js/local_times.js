// Times come in UTC and are shown in the reader's own zone, with the zone's name; how long ago stands beside it.
const language = document.documentElement.lang;
const CLOCK = { hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
const FULL = { ...CLOCK, day: "numeric", month: "short", year: "numeric" };
const full = new Intl.DateTimeFormat(language, FULL);
const second = new Intl.DateTimeFormat(language, { ...FULL, second: "2-digit" });
const SECOND = { ...FULL, second: "2-digit", timeZoneName: undefined };
const row = new Intl.DateTimeFormat(language, SECOND);
const clock = new Intl.DateTimeFormat(language, CLOCK);

// How long ago, in the largest unit that fits, as the server says it; what is of less than a minute stays "just now".
const UNITS = [["year", 31536000], ["month", 2592000], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60]];
const relative = new Intl.RelativeTimeFormat(language, { numeric: "always" });

function showAges() {
  for (const element of document.querySelectorAll('time[data-moment="ago"]')) {
    const seconds = (Date.now() - new Date(element.dateTime).getTime()) / 1000;
    const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) || [];
    if (unit) element.textContent = relative.format(-Math.trunc(seconds / size), unit);
  }
}

function showHere(part) {
  for (const element of part.querySelectorAll("time[data-moment]")) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    if (element.dataset.moment === "clock") element.textContent = clock.format(moment);
    else if (element.dataset.moment === "second") element.textContent = second.format(moment);
    else if (element.dataset.moment === "row") {
      element.textContent = row.format(moment);
      element.title = second.format(moment);
    } else if (element.dataset.moment === "full") element.textContent = full.format(moment);
    else element.title = full.format(moment);
  }
}

showHere(document);
setInterval(showAges, 30_000);
document.addEventListener("content-replaced", (event) => showHere(event.target));
