// Whoever leaves a part of *Before your visit* by a link keeps what they answered: it is sent as the page goes, as by the way back.
const form = document.querySelector("form[data-saves-itself]");
let changed = false;
form?.addEventListener("change", () => (changed = true));
form?.addEventListener("submit", () => (changed = false));
addEventListener("pagehide", () => {
  if (!form || !changed) return;
  changed = false;
  const sent = new FormData(form);
  sent.set("then", "leave");
  navigator.sendBeacon(form.action, sent);
});
