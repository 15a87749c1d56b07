// Days and weeks of the slot picker without a new page: the page behind a link is fetched, and its main part takes the
// place of this one, so that what is free, and in which words, is said in one place only. Everything is a link without it.
const picker = () => document.getElementById("days")?.closest("section");
const here = () => location.pathname + location.search;
let asked;
let shown = here();

async function show(address) {
  asked?.abort();
  asked = new AbortController();
  picker().setAttribute("aria-busy", "true");
  const answer = await fetch(address, { signal: asked.signal });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!answer.ok || !page.getElementById("days")) throw new Error("no picker there");
  const main = document.getElementById("main");
  main.replaceChildren(...page.getElementById("main").childNodes);
  document.title = page.title;
}

// After a day its times are read next; who turns the weeks stays on the arrow, and hears which days are shown now.
function rest(turned) {
  if (!turned) {
    document.getElementById("times-title").focus();
    return;
  }
  const arrows = [...picker().querySelectorAll(".section-head a")];
  (turned === "later" ? arrows.at(-1) : arrows[0])?.focus();
  const said = document.createElement("p");
  said.className = "sr";
  said.setAttribute("role", "status");
  picker().append(said);
  setTimeout(() => said.append(picker().querySelector("ul.month").getAttribute("aria-label")), 100);
}

// Which way an arrow turns the weeks, by the Monday they begin with; undefined for every other link.
function turning(link) {
  if (!link.matches(".section-head a")) return undefined;
  const monday = (address) => new URLSearchParams(address.search).get("from") ?? "";
  return monday(link) > monday(location) ? "later" : "earlier";
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  if (!plain || !link || !picker() || !link.closest("#main") || link.pathname !== location.pathname) return;
  if (link.search === location.search && link.hash) return;
  event.preventDefault();
  const turned = turning(link);
  show(link.href).then(
    () => {
      history.pushState({ picker: true }, "", link.href);
      shown = here();
      rest(turned);
    },
    (error) => error.name === "AbortError" || location.assign(link.href),
  );
});

// A jump within the page tells of itself in the same way; it shows nothing else, and must not lose the focus.
window.addEventListener("popstate", () => {
  if (!picker() || here() === shown) return;
  shown = here();
  show(location.href).catch((error) => error.name === "AbortError" || location.reload());
});
