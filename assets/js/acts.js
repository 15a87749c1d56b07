// A letter moves the focus to an act of the page (aria-keyshortcuts on it), and Enter does it. Letters are dead in fields,
// and a button switches them off for this device (WCAG 2.1.4).
const KEPT = "letter-keys";
const acts = () => document.querySelectorAll("[aria-keyshortcuts]");
const switches = () => document.querySelectorAll("[data-switches-keys]");
const areOff = () => localStorage.getItem(KEPT) === "off";

function show() {
  for (const button of switches()) {
    button.hidden = acts().length === 0;
    button.setAttribute("aria-pressed", String(!areOff()));
    const word = button.querySelector("[data-keys-are]");
    if (word) word.textContent = areOff() ? "off" : [...acts()].map((act) => act.getAttribute("aria-keyshortcuts")).join(" ");
  }
}

const isTyping = (element) => element.closest("input, select, textarea, [contenteditable], dialog") !== null;

document.addEventListener("click", ({ target }) => {
  if (!target.closest("[data-switches-keys]")) return;
  localStorage.setItem(KEPT, areOff() ? "on" : "off");
  show();
});
document.addEventListener("keydown", (event) => {
  const { key, ctrlKey, altKey, metaKey, target } = event;
  if (ctrlKey || altKey || metaKey || event.repeat) return;
  if (areOff() || document.body.dataset.shortcuts === "off" || isTyping(target)) return;
  const act = [...acts()].find((one) => one.getAttribute("aria-keyshortcuts") === key);
  if (!act) return;
  event.preventDefault();
  act.focus();
});
// A decision leads to the next review, whose acts stand at the same place: a second press of a double click decides nothing.
const SETTLED = 400; // Milliseconds.
document.addEventListener("submit", (event) => {
  if (event.target.closest(".actionbar--acts") && performance.now() < SETTLED) event.preventDefault();
});
show();
