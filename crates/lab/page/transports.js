// The clients: polling, long polling, and server-sent events, as a page would write them.
//
// Each tells its hooks: `message(payload)`, `asked(found)` when a request was responded, `state(name)`.

/** Longest time that a long poll is held. */
const HOLD = '25s';
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;
/** A cursor after everything that was published so far. */
const NOW = 't'.repeat(16);

/** Pauses that double, so that clients do not storm a server that comes back. */
export class BackOff {
  #next = FIRST_PAUSE_MS;

  next() {
    const pause = this.#next;
    this.#next = Math.min(LONGEST_PAUSE_MS, 2 * pause);
    return pause;
  }

  reset() {
    this.#next = FIRST_PAUSE_MS;
  }
}

/** Asks for what came after a cursor, over and over. Whoever extends it says how and when. */
class Poller {
  #abort = null;
  #timer = null;
  cursor = NOW;

  constructor(topic, hooks) {
    this.topic = topic;
    this.hooks = hooks;
  }

  get isOn() {
    return this.#abort !== null;
  }

  start() {
    if (this.isOn) return;
    this.#abort = new AbortController();
    this.cursor = NOW;
    this.begin();
  }

  stop() {
    this.#abort?.abort();
    this.#abort = null;
    clearTimeout(this.#timer);
    this.hooks.state('off');
  }

  /** Calls `then` after a pause, unless it is stopped before. */
  after(ms, then) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, ms);
  }

  /** One request; whether the server responded, `null` if it was stopped before. */
  async ask(path) {
    const { signal } = this.#abort;
    try {
      const response = await fetch(path, { signal });
      const text = await response.text();
      if (signal.aborted) return null;
      if (!response.ok) throw new Error(`status ${response.status}`);
      this.cursor = response.headers.get('cursor') ?? this.cursor;
      const payloads = text.split('\n').filter((line) => line !== '');
      this.hooks.state('on');
      this.hooks.asked(payloads.length);
      for (const payload of payloads) this.hooks.message(payload);
      return true;
    } catch {
      if (signal.aborted) return null;
      this.hooks.state('lost');
      return false;
    }
  }
}

/** `fetch` on a timer. A poll that finds the last one still open is left out. */
export class ShortPoll extends Poller {
  intervalMs = 1_000;
  #due = 0;
  #isAsking = false;

  begin() {
    this.#due = performance.now();
    this.#tick();
  }

  /** Takes effect at once. */
  setInterval(ms) {
    this.intervalMs = ms;
    if (this.isOn) this.begin();
  }

  #tick() {
    // From the due time and not from now, so that lateness does not add up.
    this.#due += this.intervalMs;
    this.after(Math.max(0, this.#due - performance.now()), () => this.#tick());
    if (!this.#isAsking) this.#poll();
  }

  async #poll() {
    this.#isAsking = true;
    await this.ask(`/topics/${this.topic}/poll?after=${this.cursor}`);
    this.#isAsking = false;
  }
}

/** A request that the server holds until there is a message; then at once the next. */
export class LongPoll extends Poller {
  #backOff = new BackOff();

  async begin() {
    // The first is not held: it only asks where the log stands.
    const responded = await this.ask(`/topics/${this.topic}/long-poll?after=${this.cursor}&hold=${HOLD}`);
    if (responded === null) return;
    if (responded) this.#backOff.reset();
    this.after(responded ? 0 : this.#backOff.next(), () => this.begin());
  }
}

/** The browser's own `EventSource`, which comes back by itself and says what it has seen. */
export class Events {
  #source = null;
  #timer = null;
  #backOff = new BackOff();

  constructor(topic, hooks) {
    this.topic = topic;
    this.hooks = hooks;
  }

  get isOn() {
    return this.#source !== null;
  }

  start() {
    if (this.isOn) return;
    const source = new EventSource(`/topics/${this.topic}/events`);
    this.#source = source;
    source.onopen = () => {
      this.#backOff.reset();
      this.hooks.state('on');
    };
    source.onmessage = (event) => {
      this.hooks.asked(1);
      this.hooks.message(event.data);
    };
    source.onerror = () => {
      this.hooks.state('lost');
      // It has given up only where it says so.
      if (source.readyState !== EventSource.CLOSED) return;
      this.#source = null;
      this.#timer = setTimeout(() => this.start(), this.#backOff.next());
    };
  }

  stop() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
    this.hooks.state('off');
  }
}
