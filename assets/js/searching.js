// A list that answers while somebody types: the form is sent as it stands, and the list and its count are put in place of the old
// ones. Nothing that was typed stands in an address. Without this file the form is sent by its button.
const PAUSE_MS = 200;

function watch(form) {
  const list = form.dataset.searches;
  let pause;
  let running;

  async function search() {
    running?.abort();
    running = new AbortController();
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), signal: running.signal });
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const id of [list, `${list}-count`]) {
        const fresh = page.getElementById(id);
        if (fresh) document.getElementById(id).replaceChildren(...document.importNode(fresh, true).childNodes);
      }
    } catch (error) {
      if (error.name !== "AbortError" && !(error instanceof TypeError)) throw error; // Away: the button says so.
    }
  }

  form.addEventListener("input", (event) => {
    clearTimeout(pause);
    if (!event.isComposing) pause = setTimeout(search, PAUSE_MS);
  });
  form.addEventListener("compositionend", search);
  form.addEventListener("submit", () => {
    clearTimeout(pause);
    running?.abort();
  });
}

document.querySelectorAll("form[data-searches]").forEach(watch);
