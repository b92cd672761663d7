// Latency of messages, and age of the newest one held.

/** Latencies that are kept for the median. */
const KEPT = 500;

/**
 * Latency of messages and age of the newest one held, all by the server's clock in milliseconds.
 * Age at a moment is that moment minus the due time of the newest message held; its mean is over
 * time, so it grows while nothing arrives.
 */
export class Waiting {
  #latencies = [];
  #newest = null;
  #since = null;
  #area = 0;
  #start = null;

  count = 0;
  #sum = 0;
  max = 0;

  /** A message that was due and has now been received whole. */
  receive(dueMs, nowMs) {
    this.#advance(nowMs);
    const latency = nowMs - dueMs;
    this.count += 1;
    this.#sum += latency;
    this.max = Math.max(this.max, latency);
    this.#latencies.push(latency);
    if (this.#latencies.length > KEPT) this.#latencies.shift();
    if (this.#newest === null) {
      this.#start = nowMs;
      this.#since = nowMs;
    }
    this.#newest = Math.max(this.#newest ?? dueMs, dueMs);
  }

  /** The time average of age needs the time that passed, with or without messages. */
  #advance(nowMs) {
    if (this.#newest === null) return;
    const from = this.#since - this.#newest;
    const to = nowMs - this.#newest;
    this.#area += ((from + to) / 2) * (nowMs - this.#since);
    this.#since = nowMs;
  }

  /** Mean latency; `null` before the first message. */
  get mean() {
    return this.count ? this.#sum / this.count : null;
  }

  /** Median latency of the last messages; `null` before the first. */
  get median() {
    if (this.#latencies.length === 0) return null;
    const sorted = [...this.#latencies].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /** Age now; `null` before the first message. */
  ageAt(nowMs) {
    return this.#newest === null ? null : nowMs - this.#newest;
  }

  /** Mean age since the first message; `null` before it. */
  meanAgeAt(nowMs) {
    if (this.#newest === null || nowMs <= this.#start) return null;
    this.#advance(nowMs);
    return this.#area / (nowMs - this.#start);
  }
}
