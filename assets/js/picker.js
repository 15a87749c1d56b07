// The slot picker without new pages. Which words and buttons stand for what is free is said in one place only, the page behind a
// link: it is fetched, and its picker takes the place of this one. Whether that is still so is asked of the JSON interface, which
// answers "nothing changed" in no time: before a page that was shown already is shown again, when the visitor comes back to this
// one, and each minute while it is looked at. Everything is a link without this file.
import { landedOnDay, settleDays } from "./days.js";
import { settleTimes } from "./times.js";

const LONG_MS = 400; // So long a touch may go unanswered before it is said that we are looking.
const PATIENCE_MS = 15_000;
const EACH_MS = 60_000;
const KEPT_MS = 600_000; // Other things than times may have changed by then.
const PAGES = 30;

const picker = () => document.getElementById("picker");
const here = () => location.pathname + location.search;
const known = new Map(); // What the interface answered last: address -> { tag, days }.
const pages = new Map(); // What was shown: address -> { main, title, watched, at, tag }, the tag known before it was fetched.
let shown = here();
let underWay;
let pressing = false;
let speaking;

// --- what is said -------------------------------------------------------------------------------------------------------

// A region has to be there before it says something.
const voice = document.createElement("p");
voice.className = "sr";
voice.setAttribute("role", "status");
if (picker()) document.body.append(voice);

function say(text) {
  voice.textContent = "";
  clearTimeout(speaking);
  speaking = setTimeout(() => voice.append(text), 100);
}

// The sentence stands where the one about the numbers stood; gives what puts that back.
function looking() {
  const hint = document.getElementById("days-hint");
  const usual = hint.textContent;
  hint.textContent = picker().dataset.looking;
  picker().setAttribute("aria-busy", "true");
  say(hint.textContent);
  return () => {
    hint.textContent = usual;
    hint.closest("#picker").removeAttribute("aria-busy");
  };
}

function away(address) {
  document.getElementById("away")?.remove();
  const note = document.getElementById("picker-away").content.firstElementChild.cloneNode(true);
  note.id = "away";
  note.querySelector("a").href = address;
  picker().before(note);
  note.querySelector("a").focus();
  say(note.querySelector("p").textContent);
}

// --- what is asked ------------------------------------------------------------------------------------------------------

// An answer, or an error: `AbortError` when something else is asked meanwhile, `TypeError` when nobody can be reached.
async function ask(address, options = {}) {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(new TypeError("too slow")), PATIENCE_MS);
  options.signal?.addEventListener("abort", () => patience.abort());
  try {
    const answer = await fetch(address, { ...options, signal: patience.signal });
    return { answer, text: await answer.text() };
  } finally {
    clearTimeout(timer);
  }
}

// Whether what is free changed since it was asked last; the times of each day are known afterwards. Raises when it cannot be told.
async function changed(watched, signal) {
  const before = known.get(watched);
  const headers = before ? { "If-None-Match": before.tag } : {};
  const { answer, text } = await ask(watched, { headers, signal, cache: "no-store", credentials: "omit" });
  if (answer.status === 304) return false;
  if (!answer.ok) throw new Error("no times there");
  known.set(watched, { tag: answer.headers.get("ETag"), days: JSON.parse(text).locations[0]?.days ?? {} });
  return before !== undefined;
}

// The page behind an address, and what was known when it was asked for: it is at least as new as that.
async function page(address, signal) {
  const name = address.split("#")[0];
  const kept = pages.get(name);
  if (kept && Date.now() - kept.at < KEPT_MS && !(await changed(kept.watched, signal)) && known.get(kept.watched).tag === kept.tag) return kept;
  const before = new Map(known);
  const { answer, text } = await ask(address, { signal });
  const found = new DOMParser().parseFromString(text, "text/html");
  const watched = found.getElementById("picker")?.dataset.watched;
  if (!answer.ok || !watched) throw new Error("no picker there");
  const main = document.importNode(found.getElementById("main"), true);
  const made = { main, title: found.title, watched, at: Date.now(), tag: before.get(watched)?.tag };
  pages.delete(name);
  if (made.tag) pages.set(name, made);
  if (pages.size > PAGES) pages.delete(pages.keys().next().value);
  return made;
}

// --- what is shown ------------------------------------------------------------------------------------------------------

async function show(address) {
  underWay?.abort();
  const mine = (underWay = new AbortController());
  let put = () => {};
  const timer = setTimeout(() => (put = looking()), LONG_MS);
  try {
    const found = await page(address, mine.signal);
    document.getElementById("main").replaceChildren(...found.main.cloneNode(true).childNodes);
    document.title = found.title;
    settleDays();
    settleTimes();
    if (!known.has(found.watched)) changed(found.watched).catch(() => {});
  } finally {
    clearTimeout(timer);
    put();
    if (underWay === mine) underWay = undefined;
  }
}

function failed(error, address) {
  if (error.name === "AbortError") return;
  if (error instanceof TypeError) away(address);
  else location.assign(address);
}

// After a day its times are read next; who turns the weeks stays on the arrow, and hears which days are shown now.
function rest(turned) {
  if (!turned) {
    document.getElementById("times-title").focus();
    return;
  }
  const arrows = [...picker().querySelectorAll(".section-head a")];
  if (!landedOnDay()) (turned === "later" ? arrows.at(-1) : arrows[0])?.focus();
  say(picker().querySelector("[data-days]").getAttribute("aria-label"));
}

// Which way an arrow turns the weeks, by the Monday they begin with; undefined for every other link.
function turning(link) {
  if (!link.matches(".section-head a")) return undefined;
  const monday = (address) => new URLSearchParams(address.search).get("from") ?? "";
  return monday(link) > monday(location) ? "later" : "earlier";
}

function follow(link) {
  const address = link.href;
  const turned = turning(link);
  show(address).then(
    () => {
      if (address !== location.href) history.pushState({ picker: true }, "", address);
      shown = here();
      rest(turned);
    },
    (error) => failed(error, address),
  );
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  if (!plain || !link || !picker() || !link.closest("#main") || link.pathname !== location.pathname) return;
  if (link.search === location.search && link.hash && !link.closest("#away")) return;
  event.preventDefault();
  follow(link);
});

// A jump within the page tells of itself in the same way; it shows nothing else, and must not lose the focus.
window.addEventListener("popstate", () => {
  if (!picker() || here() === shown) return;
  shown = here();
  show(location.href).catch((error) => failed(error, location.href));
});

// --- what changes meanwhile ---------------------------------------------------------------------------------------------

const times = (days, on) => days[on] ?? [];

// How the buttons of this picker write some times of a day; one that has no button was never offered here.
function written(on, some) {
  const labels = new Map();
  for (const offer of picker().querySelectorAll("#times .offers .offer")) {
    labels.set(Date.parse(offer.value.split("/")[0]), offer.firstChild.textContent.trim());
  }
  return some.map((time) => labels.get(Date.parse(`${on}T${time}`))).filter(Boolean);
}

// The picker as it is now, in place of this one; whoever stands on a time or day stays there, while it is there.
async function renew(before) {
  const { watched, day } = picker().dataset;
  const address = new URL(location.href);
  address.searchParams.set("from", new URL(watched, address).searchParams.get("from"));
  if (day) address.searchParams.set("day", day);
  const now = known.get(watched).days;
  const gone = times(before, day).filter((time) => !times(now, day).includes(time));
  const came = times(now, day).filter((time) => !times(before, day).includes(time));
  pages.delete(address.href.split("#")[0]);
  const found = await page(address.href);
  if (pressing || underWay || found.watched !== picker().dataset.watched) return;
  const held = document.activeElement;
  const inside = picker().contains(held);
  const lost = written(day, gone);
  picker().replaceWith(found.main.cloneNode(true).querySelector("#picker"));
  settleDays();
  settleTimes();
  const won = written(day, came);
  if (inside) (same(held) ?? document.getElementById("times-title")).focus();
  const words = picker().dataset;
  const news = [lost.length && words.gone.replace("{times}", lost.join(", ")), won.length && words.came.replace("{times}", won.join(", "))];
  if (!news.some(Boolean)) return;
  const line = document.createElement("p");
  line.append(news.filter(Boolean).join(" "));
  document.getElementById("times-title").after(line);
  say(line.textContent);
}

// What stands in the new picker where this stood in the old one.
function same(element) {
  const all = [...picker().querySelectorAll(element.localName)];
  if (element.id) return document.getElementById(element.id);
  return all.find((other) => (element.value ? other.value === element.value : other.href === element.href));
}

async function looked() {
  if (!picker() || document.hidden || underWay || pressing) return;
  const { watched } = picker().dataset;
  const before = known.get(watched)?.days;
  try {
    if (await changed(watched)) await renew(before);
  } catch {
    // Whoever presses a time is told by the page that answers; until then nothing is worse than without this file.
  }
}

// One look after the other: two at once would each take the other's answer for what was known before.
let looks = Promise.resolve();
const look = () => (looks = looks.then(looked));

if (picker()) {
  look();
  setInterval(look, EACH_MS);
  document.addEventListener("visibilitychange", look);
  window.addEventListener("pageshow", (event) => event.persisted && look());
  window.addEventListener("online", () => {
    const again = document.querySelector("#away a");
    if (again) again.click();
    else look();
  });
  // Nothing is taken away from under a finger, and nothing from a form that is on its way.
  document.addEventListener("pointerdown", () => (pressing = true));
  for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => setTimeout(() => (pressing = false), 300));
}
