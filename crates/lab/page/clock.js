// What the server's clock says, seen from here.

/** Pings that are remembered: old ones would hide that the clocks drift apart. */
const REMEMBERED = 30;

/**
 * How far the server's clock is ahead of ours, as Cristian (1989) found it: the response left the
 * server somewhere between our request and its arrival, so the quickest ping knows best, to within
 * half its round trip.
 */
export class Offset {
  #pings = [];

  /** Takes one ping: when it was sent and received by our clock, what the server's said in between. */
  add(sentMs, serverMs, receivedMs) {
    this.#pings.push({ offset: serverMs - (sentMs + receivedMs) / 2, half: (receivedMs - sentMs) / 2 });
    if (this.#pings.length > REMEMBERED) this.#pings.shift();
  }

  get #best() {
    return this.#pings.reduce((best, ping) => (best && best.half <= ping.half ? best : ping), null);
  }

  /** Whether anything is known yet. */
  get isKnown() {
    return this.#pings.length > 0;
  }

  /** How far the estimate may be off, either way, in milliseconds. */
  get uncertaintyMs() {
    return this.#best ? this.#best.half : Infinity;
  }

  /** The server's time at a moment of our clock. */
  atServer(ms) {
    return ms + (this.#best ? this.#best.offset : 0);
  }
}

/** Now, by our clock. */
export const now = () => performance.now();
