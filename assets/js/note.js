// A mark that says a part of the note was copied goes as soon as the part is edited; the server decides the same when it saves.
const TYPES = ["first", "second", "third"];

document.getElementById("note-form")?.addEventListener("input", ({ target }) => {
  const part = TYPES.includes(target.name) ? "modalities" : target.name;
  const mark = document.querySelector(`[data-copied="${CSS.escape(part)}"]`);
  if (mark) mark.hidden = true;
});
