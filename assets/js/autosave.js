// A form that saves itself while somebody writes (`data-autosave`), and says how far it is kept. Nothing is stored in the browser.
// Each save names the version it began from, this page, and its own number: if an answer is lost, the next save of this page is still
// taken, and one that arrives late is not. Without this file the form is saved by its button.
const FIRST_MS = 1500; // from the first letter that is not kept until it is sent
const AGAIN_MS = 2000; // after an attempt that failed: once the server answers again, no more than three seconds are open
const ANSWER_MS = 8000;
const LATE_MS = 3000; // so long may something be unsaved before the page says so
const KEEPALIVE_BYTES = 60_000; // browsers let no more than 64 kB outlive a page
const BY_ITSELF = { "X-By-Itself": "yes" }; // not an act of the person: it keeps no session alive

const pageKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

class Autosave {
  constructor(form) {
    this.form = form;
    this.says = document.querySelector("[data-autosave-says]");
    this.speaks = document.querySelector("[data-autosave-speaks]");
    this.standing = document.querySelector("[data-autosave-standing]");
    this.edits = 0;
    this.kept = 0; // of the edits, so many are saved
    this.number = 0;
    this.running = null;
    this.since = null; // when the oldest edit that is not kept was made
    this.savedAt = this.says.dataset.savedAt;
    this.isPaused = form.dataset.autosave === "paused";
    this.hasFailed = this.isPaused;
    this.field("page").value = pageKey();
    this.field("number").value = 0;
    form.addEventListener("input", () => this.edited());
    form.addEventListener("change", () => this.edited());
    form.addEventListener("submit", (event) => this.submit(event));
    document.addEventListener("click", ({ target }) => target.closest("[data-autosave-lets-go]") && this.stop());
    document.addEventListener("visibilitychange", () => document.hidden && this.save(true));
    addEventListener("pagehide", () => this.save(true));
    addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
    addEventListener("online", () => this.save());
    addEventListener("beforeunload", (event) => this.hasFailed && this.isOpen && event.preventDefault());
    if (form.dataset.autosave === "now") this.edited();
  }

  field(name) {
    return this.form.elements.namedItem(name);
  }

  get isOpen() {
    return this.edits !== this.kept && !this.isStopped;
  }

  edited() {
    this.edits += 1;
    this.since ??= performance.now();
    if (this.isPaused) return;
    this.plan(FIRST_MS);
    this.late ??= setTimeout(() => this.judge(), LATE_MS);
  }

  plan(wait) {
    this.next ??= setTimeout(() => this.save(), wait);
  }

  // What is open is saved before the form is sent: a browser that finds no server shows a page of its own in place of the words.
  // Anything but silence is the server's to answer: it takes the form, or says why not.
  async submit(event) {
    if (this.isSent || this.isPaused || !this.isOpen) return this.stop();
    event.preventDefault();
    if (this.isSending) return undefined;
    this.isSending = true;
    this.hasFailed = this.isCutOff = false;
    await this.settle();
    if (this.isOpen && !this.isPaused && !this.isCutOff) await this.renew(); // Somebody may just have signed in again.
    this.isSending = false;
    if (this.isPaused || this.isCutOff) return undefined;
    this.isSent = true;
    return this.form.requestSubmit(event.submitter);
  }

  // Takes from now on no part in what happens to the form: it is being sent, or its words were given up.
  stop() {
    this.number += 1;
    this.field("number").value = this.number;
    this.isPaused = this.isStopped = true;
    clearTimeout(this.next);
    clearTimeout(this.late);
  }

  async save(isLeaving = false) {
    clearTimeout(this.next);
    this.next = null;
    if (this.isPaused || this.edits === this.kept || (this.running && !isLeaving)) return;
    const sent = this.edits;
    const sentAt = performance.now();
    const number = ++this.number;
    this.field("number").value = number;
    this.running = number;
    const answer = await this.send(isLeaving);
    if (this.running === number) this.running = null;
    if (this.isStopped) return;
    const said = await this.read(answer);
    if (said?.seen !== undefined && answer.ok) {
      this.isKept(said, sent, number, sentAt);
    } else if (said?.standing) {
      this.refuse(said);
    } else if (said?.sentence) {
      this.fail(said.sentence); // Another try would be refused as well; the next letter tries again.
    } else {
      await this.tryAgain(answer);
    }
  }

  async send(isLeaving) {
    const body = new URLSearchParams(new FormData(this.form));
    body.set("auto", "yes");
    const giveUp = new AbortController();
    const clock = setTimeout(() => giveUp.abort(), ANSWER_MS);
    try {
      return await fetch(this.form.action, {
        method: "POST",
        body,
        headers: BY_ITSELF,
        redirect: "manual",
        keepalive: isLeaving && body.toString().length < KEEPALIVE_BYTES,
        signal: giveUp.signal,
      });
    } catch {
      return null;
    } finally {
      clearTimeout(clock);
    }
  }

  read(answer) {
    const isOurs = answer?.headers.get("Content-Type")?.startsWith("application/json");
    return isOurs ? answer.json().catch(() => null) : null;
  }

  isKept({ saved, seen }, sent, number, sentAt) {
    if (number >= (this.answered ?? 0)) this.field("seen").value = seen;
    this.answered = Math.max(this.answered ?? 0, number);
    this.kept = Math.max(this.kept, sent);
    this.since = this.kept === this.edits ? null : sentAt;
    this.savedAt = saved;
    this.hasFailed = this.isCutOff = false;
    this.form.dataset.kept = this.kept;
    const discards = document.querySelector("[data-autosave-discards]");
    if (discards) discards.hidden = false;
    this.say(`Saved ${saved}`, this.wasBad ? "Saved again" : "");
    this.wasBad = false;
    if (this.since !== null) this.plan(FIRST_MS);
  }

  get notSaved() {
    return this.savedAt ? `Not saved since ${this.savedAt}` : "Not saved yet";
  }

  say(text, spoken) {
    this.says.textContent = text;
    this.says.classList.toggle("not-saved", this.says.textContent.startsWith("Not"));
    if (this.speaks.textContent !== spoken) this.speaks.textContent = spoken;
  }

  fail(why) {
    this.hasFailed = this.wasBad = true;
    const sentence = `${this.notSaved}. ${why}`;
    this.say(sentence, sentence);
  }

  // Says that something waits for longer than it should, while its answer has not come.
  judge() {
    this.late = null;
    if (this.since === null || this.hasFailed || this.isPaused) return;
    const waits = performance.now() - this.since;
    if (waits >= LATE_MS) this.say(this.notSaved, "");
    this.late = setTimeout(() => this.judge(), Math.max(LATE_MS - waits, 200));
  }

  refuse({ standing, seen, sentence }) {
    this.isPaused = true;
    this.fail(sentence);
    this.standing.innerHTML = standing;
    this.standing.firstElementChild.focus();
    this.field("seen").value = seen;
    this.field("page").value = pageKey();
  }

  // Waits until what is open is saved, or cannot be.
  async settle() {
    const until = performance.now() + ANSWER_MS;
    while (this.isOpen && !this.isPaused && !this.hasFailed && performance.now() < until) {
      await this.save();
      if (this.running) await new Promise((next) => setTimeout(next, 100));
    }
  }

  async tryAgain(answer) {
    if (answer?.status === 423) {
      this.fail("This browser is locked. Unlock it, and this page saves by itself.");
      this.plan(AGAIN_MS);
      document.dispatchEvent(new Event("found-locked"));
      return;
    }
    this.isCutOff = !answer || answer.status >= 500;
    const isSignedOut = answer && (answer.type === "opaqueredirect" || answer.status === 400 || answer.status === 401);
    if (isSignedOut && (await this.renew())) {
      this.plan(0);
      return;
    }
    this.fail(isSignedOut ? "You are signed out. Sign in in another window; this page then saves by itself." : "The server cannot be reached.");
    this.plan(AGAIN_MS);
  }

  // After a new sign-in in another window the page's old token is worth nothing: a new one stands on the same page.
  async renew() {
    const answer = await fetch(location.pathname, { headers: BY_ITSELF, redirect: "manual" }).catch(() => null);
    if (!answer?.ok) return false;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const token = page.querySelector("[data-autosave] [name=csrf_token]")?.value;
    if (!token || token === this.field("csrf_token").value) return false;
    this.field("csrf_token").value = token;
    return true;
  }
}

const autosaves = [...document.querySelectorAll("form[data-autosave]")].map((form) => new Autosave(form));

// Saves what is open, and answers once it is saved or has failed.
export const settled = () => Promise.all(autosaves.map((one) => one.settle()));
export const areOpen = () => autosaves.some((one) => one.isOpen);
export const goOn = () => autosaves.forEach((one) => one.plan(0));
