// Fields for a moment (data-moment-field): shown in the reader's own zone as the pages write moments, and sent with its
// offset. Without this script they are in the site's zone, which stands beside their label.
const language = document.documentElement.lang;
const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d{1,2}):(\d\d)(?::(\d\d))?)?$/;
const WRITTEN = /^(\d{1,2})\.?\s+(\p{L}+)\.?\s+(\d{4})(?:,?\s+(\d{1,2}):(\d\d)(?::(\d\d))?)?$/u;
const FORM = { day: "numeric", month: "short", year: "numeric" };
const written = new Intl.DateTimeFormat(language, {
  ...FORM, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});
const two = (number) => String(number).padStart(2, "0");

const months = new Map();
for (const month of ["short", "long"]) {
  const names = new Intl.DateTimeFormat(language, { ...FORM, month });
  for (let number = 0; number < 12; number += 1) {
    const name = names.formatToParts(new Date(2026, number, 15)).find((part) => part.type === "month").value;
    months.set(name.replace(/\.$/, "").toLowerCase(), number);
  }
}

// What was typed: its moment in the reader's zone; null for what has no time, or a zone of its own, or is none.
function momentIn(text) {
  const iso = ISO.exec(text);
  const other = iso ? null : WRITTEN.exec(text);
  const month = iso ? Number(iso[2]) - 1 : months.get(other?.[2].toLowerCase());
  const [year, day] = iso ? [iso[1], iso[3]] : [other?.[3], other?.[1]];
  const [hour, minute, second] = (iso || other || []).slice(4);
  // A date alone is a day of the reader's, which has no offset of its own: it begins and ends there.
  if (hour === undefined || month === undefined) return null;
  return { moment: new Date(year, month, day, hour, minute, second || 0), second };
}

function withOffset({ moment, second }) {
  const minutes = -moment.getTimezoneOffset();
  const size = Math.abs(minutes);
  const date = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  const time = `${two(moment.getHours())}:${two(moment.getMinutes())}${second === undefined ? "" : `:${two(moment.getSeconds())}`}`;
  return `${date} ${time} ${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
for (const field of document.querySelectorAll("[data-moment-field]")) {
  const named = field.closest(".moment-field")?.querySelector("[data-moment-zone]");
  if (named && zone) named.textContent = `(${zone})`;
  if (field.dataset.utc && field.value) field.value = written.format(new Date(field.dataset.utc));
  field.form?.addEventListener("formdata", ({ formData }) => {
    const typed = momentIn(field.value.trim());
    if (typed && !Number.isNaN(typed.moment.getTime())) formData.set(field.name, withOffset(typed));
  });
}
