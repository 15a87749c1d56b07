// "None of these" and the other answers of a list exclude each other. The server says the same when the form is sent.
document.addEventListener("change", ({ target }) => {
  if (!(target instanceof HTMLInputElement) || target.type !== "checkbox" || !target.checked) return;
  const list = target.closest("[data-one-clears]");
  if (!list) return;
  const clears = target.hasAttribute("data-clears");
  for (const other of list.querySelectorAll('input[type="checkbox"]')) {
    if (other !== target && (clears || other.hasAttribute("data-clears"))) other.checked = false;
  }
});
