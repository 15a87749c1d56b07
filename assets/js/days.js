// The days of a slot picker are one stop of the Tab key, as the ARIA practices say of a grid of dates: arrows go from day to day and from
// week to week, Home and End to the ends of a week, Page Up and Page Down to other weeks. Days without free times are passed over,
// as there is nothing to do on them. Without this file each day is a link in the order of the page.
const WEEK = 7;
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -WEEK, ArrowDown: WEEK };
const TURNS = { PageUp: "earlier", PageDown: "later" };

const grid = () => document.querySelector("[data-days]");
const cells = () => [...grid().querySelectorAll("[role=gridcell]")];
const dayIn = (cell) => cell?.querySelector("a.day");
let landing; // Where in the week somebody stood who turned the weeks by a key; undefined if nobody has.

// One day takes the Tab key: the one that has the focus, else the chosen one, else the first.
export function settleDays() {
  if (!grid()) return;
  const days = [...grid().querySelectorAll("a.day")];
  const held = days.find((day) => day === document.activeElement) ?? days.find((day) => day.ariaCurrent) ?? days[0];
  for (const day of days) day.tabIndex = day === held ? 0 : -1;
}

// After weeks that a key turned, the focus stands on the same day of the week; says whether it does.
export function landedOnDay() {
  if (landing === undefined) return false;
  const all = cells();
  const same = all.filter((cell, at) => at % WEEK === landing).map(dayIn).find(Boolean);
  landing = undefined;
  const day = same ?? all.map(dayIn).find(Boolean);
  day?.focus();
  return Boolean(day);
}

// The next day with free times in steps of so many days.
function beyond(all, at, step) {
  for (let next = at + step; next >= 0 && next < all.length; next += step) if (dayIn(all[next])) return dayIn(all[next]);
  return undefined;
}

// The first or the last day of this week with free times.
function atEnd(all, at, key) {
  const from = at - (at % WEEK);
  const days = all.slice(from, from + WEEK).map(dayIn).filter(Boolean);
  return key === "Home" ? days[0] : days.at(-1);
}

document.addEventListener("keydown", (event) => {
  const cell = event.target.closest("[data-days] [role=gridcell]");
  if (!cell || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  const all = cells();
  const at = all.indexOf(cell);
  if (event.key in TURNS) {
    const arrow = document.querySelector(`[data-weeks=${TURNS[event.key]}]`);
    if (!arrow) return;
    event.preventDefault();
    landing = at % WEEK;
    arrow.click();
    return;
  }
  const isKnown = event.key in STEPS || event.key === "Home" || event.key === "End";
  if (!isKnown) return;
  event.preventDefault();
  const to = event.key in STEPS ? beyond(all, at, STEPS[event.key]) : atEnd(all, at, event.key);
  to?.focus();
});

document.addEventListener("focusin", ({ target }) => target.closest("[data-days]") && settleDays());
settleDays();
