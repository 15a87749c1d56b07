// Selects in which each value stands once: choosing one that stands in another puts there what stood here before.
const selects = (group) => [...group.querySelectorAll("select")];

for (const group of document.querySelectorAll("[data-swaps]")) {
  const before = new Map(selects(group).map((select) => [select, select.value]));
  group.addEventListener("change", ({ target }) => {
    const twin = selects(group).find((select) => select !== target && select.value && select.value === target.value);
    if (twin) {
      twin.value = before.get(target);
      before.set(twin, twin.value);
    }
    before.set(target, target.value);
  });
}
