// Phrases in a note: "/" at the beginning of a word opens a list under the caret; what follows narrows it, arrows and Enter choose,
// Escape leaves the text as it is. The list below the fields, which works without this file, puts a phrase where the caret was.
const TYPED = /(?:^|\s)\/([^\s/]{0,40})$/;
const MOST = 8;
const ASIDE = ["direction", "boxSizing", "width", "borderTopWidth", "borderLeftWidth", "paddingTop", "paddingLeft", "paddingRight",
  "fontStyle", "fontWeight", "fontSize", "lineHeight", "fontFamily", "letterSpacing", "tabSize"];

const source = document.querySelector("[data-phrases]");
const form = document.getElementById("note-form");
const phrases = [...(source?.querySelectorAll("li") ?? [])].map((line) => ({
  button: line.querySelector("button"),
  name: line.querySelector("button").textContent.trim(),
  text: line.querySelector("[data-phrase-text]").textContent,
}));
const list = document.createElement("ul");
let field = null; // in which the list is open
let last = null; // which was typed in last
let found = [];
let at = 0;

// A textarea does not say where its caret is drawn: a copy of it as plain text does.
function caretPlace(area) {
  const copy = document.createElement("div");
  const style = getComputedStyle(area);
  for (const name of ASIDE) copy.style[name] = style[name];
  Object.assign(copy.style, { position: "absolute", visibility: "hidden", whiteSpace: "pre-wrap", overflowWrap: "break-word" });
  copy.textContent = area.value.slice(0, area.selectionStart);
  const mark = copy.appendChild(document.createElement("span"));
  mark.textContent = "|";
  document.body.append(copy);
  const box = area.getBoundingClientRect();
  const place = { left: box.left + scrollX + mark.offsetLeft, top: box.top + scrollY + mark.offsetTop + mark.offsetHeight - area.scrollTop };
  copy.remove();
  return place;
}

function close() {
  if (!field) return;
  field.removeAttribute("aria-activedescendant");
  field.removeAttribute("aria-controls");
  field = null;
  list.remove();
}

function draw() {
  list.replaceChildren(
    ...found.map(({ name, text }, index) => {
      const line = document.createElement("li");
      line.id = `phrase-${index}`;
      line.setAttribute("role", "option");
      line.setAttribute("aria-selected", String(index === at));
      const said = document.createElement("span");
      said.textContent = text;
      line.append(Object.assign(document.createElement("b"), { textContent: name }), said);
      line.addEventListener("pointerdown", (event) => {
        event.preventDefault(); // The caret stays where it is.
        choose(found[index]);
      });
      return line;
    }),
  );
  field.setAttribute("aria-controls", list.id);
  field.setAttribute("aria-activedescendant", `phrase-${at}`);
  const line = list.children[at];
  list.scrollTop = Math.max(0, line.offsetTop + line.offsetHeight - list.clientHeight); // Nothing but the list moves.
}

function look(area) {
  const typed = area.selectionStart === area.selectionEnd && area.value.slice(0, area.selectionStart).match(TYPED);
  const wanted = typed ? typed[1].toLowerCase() : "";
  found = typed ? phrases.filter(({ name }) => name.toLowerCase().includes(wanted)).slice(0, MOST) : [];
  if (found.length === 0) return close();
  if (field && field !== area) close();
  field = area;
  at = 0;
  const { left, top } = caretPlace(area);
  document.body.append(list);
  draw();
  list.style.left = `${Math.max(8, Math.min(left, document.documentElement.clientWidth - list.offsetWidth - 8))}px`;
  list.style.top = `${top + 4}px`;
}

// As if it was typed: it can be undone, and the page saves it.
function put(area, from, text) {
  area.focus();
  area.setSelectionRange(from, area.selectionEnd);
  if (!document.execCommand("insertText", false, text)) {
    area.setRangeText(text, from, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function choose({ text }) {
  const area = field;
  const from = area.selectionStart - area.value.slice(0, area.selectionStart).match(TYPED)[1].length - 1;
  close();
  put(area, from, text);
}

function typed(event) {
  if (!field || event.isComposing) return;
  const { key } = event;
  if (key === "ArrowDown") at = (at + 1) % found.length;
  else if (key === "ArrowUp") at = (at + found.length - 1) % found.length;
  else if (key === "Enter") choose(found[at]);
  else if (key === "Escape") close();
  else return;
  event.preventDefault();
  if (field) draw();
}

if (form && phrases.length > 0) {
  Object.assign(list, { id: "phrase-list", className: "phrase-list" });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Phrases");
  source.querySelector("[data-phrases-hint]").hidden = false;
  source.querySelector("[data-phrases-into]").hidden = true;
  form.addEventListener("input", ({ target }) => target.matches("textarea") && look(target));
  form.addEventListener("keydown", typed);
  form.addEventListener("focusout", close);
  form.addEventListener("focusin", ({ target }) => {
    if (target.matches("textarea")) last = target;
  });
  for (const { button, text } of phrases) {
    button.addEventListener("click", (event) => {
      event.preventDefault();
      const area = last ?? form.querySelector("textarea");
      put(area, area.selectionStart, text);
    });
  }
}
