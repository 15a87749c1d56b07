// The times of one part of a day are one stop of the Tab key, as the ARIA practices say of a toolbar: arrows go from time to time and
// from row to row, Home and End to the ends. Without this file each time is a button in the order of the page.
const FEW = 4; // As many are quicker to pass by Tab than to learn that there are arrows.

const lists = () => [...document.querySelectorAll("#times .offers:not(.offers--long)")];
const timesOf = (list) => [...list.querySelectorAll("button.offer")];

// One time of a list takes the Tab key: the one that has the focus, else the one that had it last, else the chosen one, else the first.
export function settleTimes() {
  for (const list of lists()) {
    const times = timesOf(list);
    if (times.length <= FEW) continue;
    if (list.role !== "toolbar") {
      list.setAttribute("role", "toolbar");
      list.setAttribute("aria-label", list.previousElementSibling?.textContent ?? "");
      for (const item of list.children) item.setAttribute("role", "none");
    }
    const isTheOne = [
      (time) => time === document.activeElement,
      (time) => time.getAttribute("tabindex") === "0",
      (time) => time.ariaPressed === "true",
    ];
    const held = isTheOne.map((test) => times.find(test)).find(Boolean) ?? times[0];
    for (const time of times) time.tabIndex = time === held ? 0 : -1;
  }
}

// How many stand in one row.
function columns(times) {
  const below = times.findIndex((time) => time.offsetTop !== times[0].offsetTop);
  return below < 0 ? times.length : below;
}

document.addEventListener("keydown", (event) => {
  const list = event.target.closest("#times [role=toolbar]");
  if (!list || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  const times = timesOf(list);
  const at = times.indexOf(event.target);
  const row = columns(times);
  const to = { ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - row, ArrowDown: at + row, Home: 0, End: times.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  times[to]?.focus();
});

document.addEventListener("focusin", ({ target }) => target.closest("#times [role=toolbar]") && settleTimes());
settleTimes();
