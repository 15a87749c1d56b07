// Lets the message about what has just happened float, and be closed. A screen reader speaks only what changes in a
// status region after it exists, so the messages are taken out and put back.
const SOON = 100;

for (const flashes of document.querySelectorAll(".flashes")) {
  const messages = [...flashes.querySelectorAll(".flash")];
  flashes.classList.add("is-floating");
  for (const message of messages) message.querySelector("[data-close-flash]").hidden = false;
  flashes.replaceChildren();
  setTimeout(() => flashes.replaceChildren(...messages), SOON);
  flashes.addEventListener("click", ({ target }) => {
    if (!target.closest("[data-close-flash]")) return;
    target.closest(".flash").remove();
    if (!flashes.querySelector(".flash")) document.getElementById("main")?.focus({ preventScroll: true });
  });
}
