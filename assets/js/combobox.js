// A field that lists the clients who fit what is typed, after the combobox pattern of the ARIA Authoring Practices: the focus stays
// in the field, arrows walk through the list, Enter goes on with the one they stand on, Escape closes. What is typed is sent in a
// form and stands in no address. Without this file the button beside the field finds the same.
const PAUSE_MS = 150;
const SHORTEST = 2;

function suggest(place) {
  const field = place.querySelector("input");
  const count = place.querySelector("[data-suggests-count]");
  let list = null;
  let at = -1;
  let pause;
  let running;

  Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-haspopup": "listbox" })
    .forEach(([name, value]) => field.setAttribute(name, value));

  const options = () => [...(list?.children ?? [])];

  function close() {
    clearTimeout(pause);
    running?.abort();
    list?.remove();
    list = null;
    at = -1;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-controls");
    field.removeAttribute("aria-activedescendant");
  }

  function stand(index) {
    at = index;
    options().forEach((option, number) => option.setAttribute("aria-selected", String(number === at)));
    const option = options()[at];
    if (!option) return field.removeAttribute("aria-activedescendant");
    field.setAttribute("aria-activedescendant", option.id);
    return option.scrollIntoView({ block: "nearest" });
  }

  function open(fresh) {
    const said = fresh.dataset.said;
    close();
    count.textContent = said;
    if (fresh.children.length === 0) return;
    list = fresh;
    list.id = `${field.id}-list`;
    list.className = "suggestions plain";
    field.after(list);
    field.setAttribute("aria-controls", list.id);
    field.setAttribute("aria-expanded", "true");
    list.addEventListener("pointerdown", (event) => event.preventDefault()); // The focus stays in the field.
    list.addEventListener("click", ({ target }) => choose(target.closest("[role=option]")));
  }

  function choose(option) {
    if (option) location.assign(option.dataset.leads);
  }

  async function look() {
    running?.abort();
    if (field.value.trim().length < SHORTEST) {
      count.textContent = "";
      return close();
    }
    running = new AbortController();
    try {
      const body = new FormData(field.form);
      const answer = await fetch(place.dataset.suggests, { method: "POST", body, signal: running.signal });
      if (!answer.ok || answer.redirected) return close();
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("[role=listbox]");
      if (fresh && document.activeElement === field) open(document.importNode(fresh, true));
    } catch (error) {
      if (error.name !== "AbortError" && !(error instanceof TypeError)) throw error; // Away: the button says so.
    }
    return undefined;
  }

  field.addEventListener("input", (event) => {
    clearTimeout(pause);
    if (!event.isComposing) pause = setTimeout(look, PAUSE_MS);
  });
  field.addEventListener("compositionend", look);
  field.addEventListener("blur", close);
  field.form.addEventListener("submit", close);
  field.addEventListener("keydown", (event) => {
    const many = options().length;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && many) {
      event.preventDefault();
      stand(at < 0 && step < 0 ? many - 1 : (at + step + many) % many);
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      choose(options()[at]);
    } else if (event.key === "Escape" && list) {
      event.preventDefault();
      close();
    }
  });
}

document.querySelectorAll("[data-suggests]").forEach(suggest);
