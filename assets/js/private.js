// Hides names from people who look over a shoulder, until it is switched back in this tab. Shift+P does the same;
// <body data-shortcuts="off"> turns the key off for those who speak or shake their input.
const KEPT = "names-hidden";
const toggles = () => document.querySelectorAll("[data-hides-names]");

function show(hidden) {
  document.body.classList.toggle("is-private", hidden);
  for (const toggle of toggles()) toggle.setAttribute("aria-pressed", String(hidden));
}

function change() {
  const hidden = !document.body.classList.contains("is-private");
  sessionStorage.setItem(KEPT, String(hidden));
  show(hidden);
}

const isTyping = (element) => element.closest("input, select, textarea, [contenteditable]") !== null;

for (const toggle of toggles()) toggle.hidden = false;
show(sessionStorage.getItem(KEPT) === "true");

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-hides-names]")) change();
});
document.addEventListener("keydown", (event) => {
  const { key, shiftKey, ctrlKey, altKey, metaKey, target } = event;
  if (document.body.dataset.shortcuts === "off" || isTyping(target)) return;
  if (key === "P" && shiftKey && !ctrlKey && !altKey && !metaKey) change();
});
