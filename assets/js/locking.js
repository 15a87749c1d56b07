// Lock: what a note has open is saved first, then the page is replaced. Where something typed cannot be saved, the page is taken
// out of the document instead, held by nothing but this file, and put back once the same person has unlocked the browser.
// Shift+L does what the button does; it is dead in fields and where letter keys are switched off.
import { areOpen, goOn, settled } from "./autosave.js";

const STATE = "/staff/lock/state";
const AGAIN_MS = 3000;
const BY_ITSELF = { "X-By-Itself": "yes" }; // not an act of the person: it keeps no session alive
const form = document.querySelector(".rail-lock[data-locks]");
const windows = "BroadcastChannel" in globalThis ? new BroadcastChannel("staff-lock") : null;
let isTyped = false;
let held = null;

const isUnsaved = () => isTyped || areOpen();
const hide = (isHidden) => document.body.classList.toggle("is-locking", isHidden);
const areOff = () => localStorage.getItem("letter-keys") === "off" || document.body.dataset.shortcuts === "off";
const isTyping = (element) => element.closest("input, select, textarea, [contenteditable]") !== null;

async function state() {
  const answer = await fetch(STATE, { headers: BY_ITSELF, redirect: "manual" }).catch(() => null);
  if (answer?.status === 423) return "locked";
  if (!answer?.ok) return "unknown";
  const { person } = await answer.json();
  return person === form.dataset.person ? "open" : "somebody else's";
}

function leave() {
  location.replace(`/staff/unlock?${new URLSearchParams({ next: form.elements.next.value })}`);
}

function cover() {
  if (held) return;
  held = { title: document.title, page: document.createDocumentFragment() };
  const shown = document.getElementById("lock-cover").content.cloneNode(true);
  held.page.append(...document.body.childNodes);
  document.body.append(shown);
  document.title = "Locked";
  hide(false);
}

function uncover() {
  document.body.replaceChildren(held.page);
  document.title = held.title;
  held = null;
  goOn();
}

async function look() {
  const found = await state();
  if (found === "locked" && !held) return isUnsaved() ? cover() : leave();
  if (found === "open" && held) return uncover();
  if (found === "somebody else's") location.replace("/staff");
  return undefined;
}

// A browser that locks by itself: keys and presses are told to the server, and a page that had none for long enough asks it.
const SEEN_MS = 30_000;
const LOOK_MS = 10_000;
let actedAt = Date.now();
let toldAt = Date.now();

function acted({ isTrusted }) {
  if (!isTrusted || held) return;
  actedAt = Date.now();
  if (actedAt - toldAt < SEEN_MS) return;
  toldAt = actedAt;
  fetch(STATE, { redirect: "manual" }).then(({ status }) => status === 200 || look(), () => undefined);
}

function watch(minutes) {
  for (const act of ["keydown", "pointerdown", "wheel"]) addEventListener(act, acted, { capture: true, passive: true });
  const judge = () => !held && Date.now() - actedAt >= minutes * 60_000 - LOOK_MS && look();
  setInterval(judge, LOOK_MS);
  document.addEventListener("visibilitychange", judge);
}

async function lock() {
  hide(true);
  await settled();
  if (!isUnsaved()) return form.submit();
  if (form.dataset.locks === "asks") {
    // A page will ask first, so nothing is locked yet: the browser asks whether to lose what was typed.
    hide(false);
    addEventListener("beforeunload", (event) => event.preventDefault(), { once: true });
    return form.submit();
  }
  await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual" }).catch(() => null);
  await look();
  hide(false);
  windows?.postMessage("locked");
  return undefined;
}

if (form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    lock();
  });
  document.addEventListener("keydown", ({ key, shiftKey, ctrlKey, altKey, metaKey, repeat, target }) => {
    if (key !== "L" || !shiftKey || ctrlKey || altKey || metaKey || repeat || held || areOff() || isTyping(target)) return;
    lock();
  });
  document.addEventListener("input", ({ target }) => {
    const typedInto = target.form;
    if (typedInto?.method === "post" && !typedInto.matches("[data-autosave]")) isTyped = true;
  });
  document.addEventListener("submit", ({ target }) => {
    if (target !== form) isTyped = false;
  });
  document.addEventListener("found-locked", look);
  if (form.dataset.minutes) watch(Number(form.dataset.minutes));
  windows?.addEventListener("message", look);
  windows?.postMessage("open");
  setInterval(() => held && look(), AGAIN_MS);
  // A browser may keep a page that was left and show it again for Back: it is blank until the server has answered.
  addEventListener("pagehide", ({ persisted }) => persisted && hide(true));
  addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
}
