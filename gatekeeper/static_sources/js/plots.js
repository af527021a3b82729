// The text of a bar stands beside it while the pointer is on it or the arrow keys have reached it. Tab goes to one bar of
// each plot; from there the arrow keys, Home and End lead on, and Escape takes the text away. Without this script links
// are reached by Tab, and the numbers stand in the table below the plot, where the texts come from.
const language = document.documentElement.lang;
const hour = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

const itemsOf = (slot) => {
  const links = [...slot.querySelectorAll("a")];
  return links.length ? links : [slot];
};
const slotsOf = (plot) => [...plot.querySelectorAll(".plot-slot")];

function prepare(plot) {
  const area = plot.querySelector(".plot-area");
  if (!area || plot.dataset.plotReady) return;
  plot.dataset.plotReady = "yes";
  for (const tick of plot.querySelectorAll("text[data-at]")) tick.textContent = hour.format(new Date(tick.dataset.at));
  const [head, ...rows] = plot.querySelector("table").rows;
  const columns = [...head.cells].slice(1).map((column) => column.textContent);
  slotsOf(plot).forEach((slot, index) => {
    const [time, ...numbers] = [...rows[index].cells].map((cell) => cell.textContent);
    const lines = numbers.map((number, column) => number !== "0" && `${columns[column]}: ${number}`).filter(Boolean);
    slot.dataset.text = [time, ...lines].join("\n");
    for (const item of itemsOf(slot)) {
      item.setAttribute("tabindex", "-1");
      if (item === slot) {
        slot.setAttribute("role", "img");
        slot.setAttribute("aria-label", slot.dataset.text);
      }
    }
  });
  itemsOf(slotsOf(plot).at(-1))[0].setAttribute("tabindex", "0");
  area.setAttribute("role", "group");
  area.setAttribute("aria-label", `${area.getAttribute("aria-label")} ${plot.dataset.plot}`);
}

function show(slot) {
  const body = slot.closest(".plot-body");
  const tip = body.querySelector(".plot-tip");
  tip.textContent = slot.dataset.text;
  tip.hidden = false;
  const [frame, bar] = [body.getBoundingClientRect(), slot.firstElementChild.getBoundingClientRect()];
  const middle = bar.left + bar.width / 2 - frame.left - tip.offsetWidth / 2;
  tip.style.left = `${Math.max(0, Math.min(middle, frame.width - tip.offsetWidth))}px`;
  tip.style.top = `${-tip.offsetHeight - 4}px`;
}

const hide = (plot) => {
  const tip = plot?.querySelector(".plot-tip");
  if (tip) tip.hidden = true;
};

function go(event, item) {
  const plot = item.closest("[data-plot]");
  const slots = slotsOf(plot);
  const at = slots.indexOf(item.closest(".plot-slot"));
  const items = itemsOf(slots[at]);
  const level = items.indexOf(item);
  const beside = (index) => itemsOf(slots[index])[Math.min(level, itemsOf(slots[index]).length - 1)];
  const next = {
    ArrowLeft: () => at > 0 && beside(at - 1),
    ArrowRight: () => at < slots.length - 1 && beside(at + 1),
    ArrowUp: () => items[level + 1],
    ArrowDown: () => items[level - 1],
    Home: () => beside(0),
    End: () => beside(slots.length - 1),
  }[event.key];
  if (!next) return;
  event.preventDefault();
  const target = next();
  if (!target) return;
  item.setAttribute("tabindex", "-1");
  target.setAttribute("tabindex", "0");
  target.focus();
}

document.addEventListener("pointerover", (event) => {
  const slot = event.target.closest(".plot-slot");
  if (slot?.dataset.text) show(slot);
});
document.addEventListener("pointerout", (event) => {
  const body = event.target.closest(".plot-body");
  if (body && !body.contains(event.relatedTarget)) hide(body);
});
document.addEventListener("focusin", (event) => {
  const slot = event.target.closest(".plot-slot");
  if (slot) show(slot);
});
document.addEventListener("focusout", (event) => {
  if (event.target.closest(".plot-slot")) hide(event.target.closest("[data-plot]"));
});
document.addEventListener("keydown", (event) => {
  const item = event.target.closest?.(".plot-slot") && event.target;
  if (/^Esc/.test(event.key)) document.querySelectorAll("[data-plot]").forEach(hide);
  else if (item && !event.ctrlKey && !event.metaKey && !event.altKey) go(event, item);
});

const prepareIn = (part) => part.querySelectorAll("[data-plot]").forEach(prepare);
prepareIn(document);
document.addEventListener("content-replaced", (event) => prepareIn(event.target));
