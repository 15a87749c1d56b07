// Lets the message about what has just happened float, and be closed. A screen reader speaks only what changes in a
// status region after it exists, so the messages are taken out and put back.
const SOON = 100;

for (const flashes of document.querySelectorAll(".flashes")) {
  const messages = [...flashes.querySelectorAll(".flash")];
  for (const message of messages) message.querySelector("[data-close-flash]").hidden = false;
  flashes.replaceChildren();
  setTimeout(() => flashes.replaceChildren(...messages), SOON);
  flashes.addEventListener("click", ({ target }) => {
    if (!target.closest("[data-close-flash]")) return;
    target.closest(".flash").remove();
    if (!flashes.querySelector(".flash")) document.getElementById("main")?.focus({ preventScroll: true });
  });
}

// Where it floats it never covers what has the focus (WCAG 2.2, 2.4.11): then it stands at the other end of the window.
const TALL = 0.5; // Of the window: what is higher than this, such as a whole page, cannot be covered.

function covers(flashes, focused) {
  const over = flashes.getBoundingClientRect();
  const under = focused.getBoundingClientRect();
  if (under.height > innerHeight * TALL) return false;
  return over.left < under.right && under.left < over.right && over.top < under.bottom && under.top < over.bottom;
}

function makeRoom() {
  const focused = document.activeElement;
  for (const flashes of document.querySelectorAll(".flashes")) {
    if (!focused || focused === document.body || flashes.contains(focused)) continue;
    if (covers(flashes, focused)) flashes.classList.toggle("is-aside");
  }
}

const soon = () => requestAnimationFrame(makeRoom); // The browser scrolls to what has the focus first.
for (const moved of ["focusin", "scroll", "resize"]) addEventListener(moved, soon, { passive: true });
