// The calendar's grid: it follows what others do, visits are dragged onto other times, a free time is pressed or drawn, and
// arrows walk through it. The server judges every place; without this file links and the page Move do the same.
const CELL = 5; // minutes in a row
const SNAP = 15;
const LONGEST = 360; // minutes of a visit
const LAST_MINUTE = 24 * 60 - CELL;
const EDGE = 8; // pixels at the lower edge of a visit by which it is made longer or shorter
const EVERY = 5000;
const REST = 150;
const PLACE = "calendar-scrolled";
const BY_ITSELF = { "X-By-Itself": "yes" }; // not an act of the person: it keeps no session alive

const calendar = () => document.getElementById("calendar");
const grid = () => document.querySelector(".cal[data-stamp]");
const wrap = () => document.querySelector(".cal-wrap");
const rem = () => parseFloat(getComputedStyle(document.documentElement).fontSize);
const rowHeight = () => 0.4375 * rem();
const isWide = () => matchMedia("(min-width: 48rem)").matches;
const clock = (minute) => `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
const inWords = (minute) => { // as the cards say it: 2:15 pm where the grid names the halves of the day
  const halves = grid().dataset.halves?.split(" ");
  const hour = Math.floor(minute / 60);
  return halves ? `${hour % 12 || 12}:${String(minute % 60).padStart(2, "0")} ${halves[hour % 24 < 12 ? 0 : 1]}` : clock(minute);
};
const rowsOf = (li) => [...li.classList].reduce((found, name) => {
  const [, kind, number] = name.match(/^(at|for)-(\d+)$/) ?? [];
  return kind ? { ...found, [kind]: Number(number) } : found;
}, {});
const minuteAt = (row) => Number(grid().dataset.first) * 60 + row * CELL;
let held = null;

function say(text) {
  const place = document.querySelector("[data-calendar-says]");
  place.textContent = text;
  place.hidden = !text;
}

// ---- Alive

async function refresh() {
  const answer = await fetch(location.href, { headers: BY_ITSELF });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("calendar");
  if (!fresh || held) return;
  const { scrollTop, scrollLeft } = wrap() ?? {};
  const focused = calendar().contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  calendar().replaceChildren(...fresh.children);
  wrap()?.scrollTo(scrollLeft ?? 0, scrollTop ?? 0);
  if (focused) calendar().querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

async function look() {
  const shown = grid();
  if (!shown || held || document.hidden) return;
  const answer = await fetch(shown.dataset.asks, { headers: BY_ITSELF }).catch(() => null);
  if (answer?.status === 423) document.dispatchEvent(new Event("found-locked"));
  if (!answer?.ok || answer.redirected) return;
  const { stamp } = await answer.json();
  if (stamp !== grid()?.dataset.stamp) await refresh();
}

// ---- Dragging: a visit, its lower edge, or a span of free time

const columnUnder = (x, y) =>
  document.elementsFromPoint(x, y).map((one) => one.closest(".cal-col[data-therapist]")).find(Boolean);
const rowOf = (column, y) => (y - column.getBoundingClientRect().top) / rowHeight();
const snapped = (row) => Math.round(minuteAt(row) / SNAP) * SNAP;
const within = (least, number, most) => Math.min(Math.max(number, least), most);

// Where the pointer would put what is held: a place has a column, its first minute, its rows, and a key that tells it from others.
const PLACES = {
  move(x, y) {
    const column = columnUnder(x, y);
    if (!column) return null;
    const minute = Math.max(snapped(rowOf(column, y - held.offset)), minuteAt(0));
    const asked = { on: column.dataset.on, at: clock(minute), therapist: column.dataset.therapist };
    return { column, minute, rows: held.rows, asked, key: `${column.dataset.on} ${minute} ${column.dataset.therapist}` };
  },
  resize(_, y) {
    const { column, at, lasts } = held;
    const rows = Math.max(Math.round(rowOf(column, y)) - at, 1);
    const minutes = within(CELL, lasts + (rows - held.rows) * CELL, LONGEST);
    const minute = minuteAt(at);
    return { column, minute, rows: held.rows + (minutes - lasts) / CELL, minutes, asked: { minutes }, key: String(minutes) };
  },
  span(_, y) {
    const { column, first, last, minute } = held;
    const until = within(Math.min(minute + SNAP, last), snapped(rowOf(column, y)), last);
    return { column, minute: Math.max(minute, first), rows: (until - minute) / CELL, until, key: String(until) };
  },
};

PLACES.wait = PLACES.move;

const address = (act) => `/staff/calendar/${held.path}/${act}?${new URLSearchParams(held.place.asked)}`;

const WORDS = { free: "", reason: "Allowed with a reason", no: "Not possible" };

function draw({ verdict, said } = {}) {
  const { ghost, place } = held;
  ghost.className = `cal-drop at-${(place.minute - minuteAt(0)) / CELL} for-${place.rows}`;
  if (verdict === "reason" || verdict === "no") ghost.classList.add(`cal-drop--${verdict}`);
  const when = ["move", "wait"].includes(held.kind) ? inWords(place.minute) : `${inWords(place.minute)} to ${inWords(place.minute + place.rows * CELL)}`;
  const head = document.createElement("b");
  head.textContent = WORDS[verdict] || when;
  ghost.replaceChildren(head, ...(verdict && WORDS[verdict] ? [`${when} ${said.join(" ")}`] : []));
  place.column.append(ghost);
}

async function judge() {
  const asked = held.place.key;
  const answer = await fetch(address("judge")).catch(() => null);
  if (!held || held.place?.key !== asked || !answer || answer.redirected) return null;
  held.verdict = await answer.json().catch(() => null);
  if (held?.place?.key === asked && held.verdict) draw(held.verdict);
  return held?.verdict ?? null;
}

function drag(x, y) {
  const place = PLACES[held.kind](x, y);
  if (!place || place.key === held.place?.key) return;
  held.place = place;
  held.verdict = null;
  draw();
  clearTimeout(held.rest);
  if (held.path) held.rest = setTimeout(judge, REST);
}

function letGo() {
  held?.ghost?.remove();
  held?.card?.classList.remove("is-held");
  clearTimeout(held?.rest);
  held = null;
}

async function send(where, fields) {
  const body = new URLSearchParams(fields);
  body.set("csrf_token", document.querySelector("[name=csrf_token]").value);
  body.set("back", location.pathname + location.search);
  const answer = await fetch(where, { method: "POST", body }).catch(() => null);
  if (!answer || answer.redirected) return { verdict: "no", said: ["The server did not answer. Nothing was moved."] };
  return answer.json().catch(() => ({ verdict: "no", said: ["Nothing was moved."] }));
}

function done() {
  sessionStorage.setItem(PLACE, JSON.stringify([wrap().scrollLeft, wrap().scrollTop]));
  location.reload();
}

async function finish(act, { verdict, said, rules }) {
  if (verdict === "moved") return done();
  if (verdict === "reason") return ask(act, said, rules);
  say(`${said.join(" ")} It stays ${act.kind === "move" ? "where" : "as"} it was.`);
  return refresh();
}

function ask({ where, fields, kind }, said, rules) {
  const dialog = document.getElementById("calendar-reason");
  dialog.querySelector("form .button").textContent = kind === "move" ? "Move anyway" : "Change the length anyway";
  dialog.querySelector("ul").replaceChildren(...said.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  dialog.querySelector("form").onsubmit = async (event) => {
    event.preventDefault();
    dialog.close();
    const told = dialog.querySelector("[name=untold]").checked ? [["untold", "y"]] : [];
    const given = [...fields, ...told, ["reason", dialog.querySelector("#calendar-why").value], ...rules.map((rule) => ["waived", rule])];
    await finish({ where, fields: given, kind }, await send(where, given));
  };
  dialog.showModal();
}

async function drop() {
  const { kind, place, from, revision } = held;
  if (!place || place.key === from) return letGo();
  if (kind === "span") return leadOn();
  const where = address("drop");
  const verdict = held.verdict ?? (await judge());
  if (!held) return undefined;
  letGo();
  const fields = [["revision", revision]];
  if (!verdict) return say("The server did not answer. Nothing was moved.");
  if (kind === "wait") return verdict.leads ? location.assign(verdict.leads) : say(verdict.said.join(" "));
  return finish({ where, fields, kind }, verdict.verdict === "free" ? await send(where, fields) : verdict);
}

document.addEventListener("dragstart", (event) => {
  if (event.target.closest?.(".cal-col a")) event.preventDefault();
});
// The page of a free time takes the span, and books or blocks it.
function leadOn() {
  const { href, place } = held;
  letGo();
  const to = new URL(href);
  to.searchParams.set("at", clock(place.minute));
  to.searchParams.set("until", clock(Math.min(place.until, LAST_MINUTE)));
  location.assign(to);
}

function visitHeld(card, { clientX: x, clientY: y }) {
  const slot = card.closest("li");
  const box = slot.getBoundingClientRect();
  const column = card.closest(".cal-col");
  const { at, for: rows } = rowsOf(slot);
  const lasts = Number(card.dataset.lasts);
  const kind = box.bottom - y <= EDGE ? "resize" : "move";
  const place = `${column.dataset.on} ${minuteAt(at)} ${column.dataset.therapist}`;
  return {
    kind, card, rows, column, at, lasts, x, y, offset: y - box.top, ghost: null, revision: card.dataset.movable,
    path: `visits/${new URL(card.href).pathname.split("/").pop()}`, from: kind === "move" ? place : String(lasts),
  };
}

function spanHeld(free, { clientX: x, clientY: y }) {
  const column = free.closest(".cal-col");
  const { at, for: rows } = rowsOf(free.closest("li"));
  const [first, last] = [minuteAt(at), minuteAt(at + rows)];
  const minute = Math.max(Math.floor(minuteAt(rowOf(column, y)) / SNAP) * SNAP, first);
  return { kind: "span", column, first, last, minute, x, y, href: free.href, ghost: null };
}

// Somebody of the waiting list, taken by the upper edge.
function waitHeld(card, { clientX: x, clientY: y }) {
  return { kind: "wait", card, rows: Number(card.dataset.lasts) / CELL, x, y, offset: 0, path: `waiting/${card.dataset.waits}`, ghost: null };
}

document.addEventListener("pointerdown", (event) => {
  const { target, button, pointerType } = event;
  if (button !== 0 || pointerType === "touch" || !isWide()) return;
  const card = target.closest("[data-therapist] .cal-visit[data-movable]");
  const free = target.closest("[data-therapist] .cal-free a");
  const waits = !target.closest("a") && target.closest("[data-waits]");
  if (card) held = visitHeld(card, event);
  else if (free) held = spanHeld(free, event);
  else if (waits && grid()) held = waitHeld(waits, event);
});
document.addEventListener("pointermove", ({ clientX: x, clientY: y }) => {
  if (!held) return;
  if (!held.ghost) {
    if (Math.hypot(x - held.x, y - held.y) < 6) return;
    held.ghost = document.createElement("li");
    held.card?.classList.add("is-held");
    say("");
  }
  drag(x, y);
});
document.addEventListener("pointerup", () => {
  if (!held) return;
  if (!held.ghost) return letGo();
  // The click that follows a drag opens nothing.
  const swallow = (event) => event.preventDefault();
  addEventListener("click", swallow, { capture: true });
  setTimeout(() => removeEventListener("click", swallow, { capture: true }), 50);
  return drop();
});
document.addEventListener("keydown", ({ key }) => {
  if (key === "Escape" && held) letGo();
});

// ---- A free time: pressed where it is meant

document.addEventListener("click", (event) => {
  const free = event.target.closest(".cal-free a");
  if (!free || event.detail === 0 || event.defaultPrevented || !isWide()) return;
  const li = free.closest("li");
  const row = rowsOf(li).at + Math.floor((event.clientY - li.getBoundingClientRect().top) / rowHeight());
  const to = new URL(free.href);
  const first = minuteAt(rowsOf(li).at);
  to.searchParams.set("at", clock(Math.max(Math.floor(minuteAt(row) / SNAP) * SNAP, first)));
  event.preventDefault();
  location.assign(to);
});

// ---- Keys, only while the grid has the focus

const KEYS = {
  n: "[data-books]",
  t: ".cal-nav a:nth-child(2)",
  d: ".cal-bar .tabs a:nth-child(1)",
  r: ".cal-bar .tabs a:nth-child(2)",
  w: ".cal-bar .tabs a:nth-child(3)",
  o: ".cal-bar .tabs a:nth-child(4)",
};
const areOff = () => localStorage.getItem("letter-keys") === "off" || document.body.dataset.shortcuts === "off";
const stops = (column) => [...column.querySelectorAll(".cal-visit, .cal-free a")];

function walk(from, key) {
  const columns = [...document.querySelectorAll(".cal-col")];
  const column = from.closest(".cal-col");
  if (!column) return columns.flatMap(stops)[0];
  const own = stops(column);
  const index = own.indexOf(from);
  if (key === "ArrowDown") return own[index + 1];
  if (key === "ArrowUp") return own[index - 1];
  const { at } = rowsOf(from.closest("li"));
  const rest = columns.slice(columns.indexOf(column) + 1);
  const aside = key === "ArrowRight" ? rest : columns.slice(0, columns.indexOf(column)).reverse();
  const next = aside.map(stops).find((found) => found.length);
  const far = (one) => Math.abs(rowsOf(one.closest("li")).at - at);
  return next?.reduce((best, one) => (far(one) < far(best) ? one : best));
}

document.addEventListener("keydown", (event) => {
  const { key, target, ctrlKey, altKey, metaKey } = event;
  if (ctrlKey || altKey || metaKey || !target.closest?.(".cal-wrap")) return;
  if (key.startsWith("Arrow")) {
    const next = walk(target, key);
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.scrollIntoView({ block: "nearest", inline: "nearest" });
    return;
  }
  if (areOff() || event.repeat) return;
  const led = key === "m" ? target.closest(".cal-visit[data-movable]") : KEYS[key] && document.querySelector(KEYS[key]);
  if (!led) return;
  event.preventDefault();
  location.assign(key === "m" ? `${led.href}/move` : led.href);
});
document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-calendar-keys]");
  if (!button) return;
  localStorage.setItem("letter-keys", localStorage.getItem("letter-keys") === "off" ? "on" : "off");
  showKeys();
});

function showKeys() {
  for (const button of document.querySelectorAll("[data-calendar-keys]")) {
    button.hidden = false;
    button.setAttribute("aria-pressed", String(!areOff()));
  }
}

if (calendar()) {
  showKeys();
  const scrolled = JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
  sessionStorage.removeItem(PLACE);
  if (scrolled) wrap()?.scrollTo(...scrolled);
  setInterval(look, EVERY);
  document.addEventListener("visibilitychange", look);
}
