// On a phone a row of tabs is wider than the screen: the one that is open is brought into sight, as the others tell nothing of it.
// Once more when the letters have come, which are wider than those that stood in for them.
function bring() {
  for (const here of document.querySelectorAll(".tabs [aria-current]")) {
    const row = here.parentElement;
    const tab = here.getBoundingClientRect();
    row.scrollLeft += tab.left + tab.width / 2 - (row.getBoundingClientRect().left + row.clientWidth / 2);
  }
}

bring();
document.fonts.ready.then(bring);
