// A button that prints the page, where the browser also offers to save it as a PDF; without scripts it stays hidden.
for (const button of document.querySelectorAll("[data-prints]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
