// Times come in UTC and are shown in the reader's own zone, with the zone's name; how long ago stands beside it.
const full = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
const second = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZoneName: "short" });

for (const element of document.querySelectorAll("time[data-moment]")) {
  const moment = new Date(element.dateTime);
  if (Number.isNaN(moment.getTime())) continue;
  if (element.dataset.moment === "clock") element.textContent = clock.format(moment);
  else if (element.dataset.moment === "second") element.textContent = second.format(moment);
  else if (element.dataset.moment === "full") element.textContent = full.format(moment);
  else element.title = full.format(moment);
}
