// The WebSocket client: the browser's own, with what it says and the states it goes through.

import { BackOff } from './transports.js';

/** Names of `readyState`, by number. */
export const READY_STATES = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'];

/**
 * A WebSocket that comes back with a back-off after it was lost.
 *
 * Hooks: `message(payload)`, `state(name)`, `ready(number)` for each `readyState` it was seen in,
 * `said(event, details)` for each handler that was called, and what we called ourselves.
 */
export class Socket {
  #socket = null;
  #timer = null;
  #backOff = new BackOff();
  #wanted = false;
  /** Scheme, host and port; takes effect with the next WebSocket. */
  base = `${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}`;

  constructor(topic, hooks) {
    this.topic = topic;
    this.hooks = hooks;
  }

  get isOn() {
    return this.#wanted;
  }

  get readyState() {
    return this.#socket?.readyState ?? WebSocket.CLOSED;
  }

  start() {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#backOff.reset();
    this.#open();
  }

  /** Closes for good. */
  stop() {
    this.close(1000, '');
  }

  /** Closes as the script of a page may: 1000 or 3000 to 4999. It does not come back. */
  close(code, reason) {
    const wasClosed = this.readyState === WebSocket.CLOSED;
    // Throws where the code is not a page's to use, and then nothing has changed.
    this.#socket?.close(code, reason);
    this.#wanted = false;
    clearTimeout(this.#timer);
    if (wasClosed) {
      this.hooks.state('off');
      return;
    }
    this.hooks.said('close()', { code, reason });
    this.hooks.ready(this.readyState);
  }

  /** Throws what the browser throws, as while it is connecting. */
  send(text) {
    if (!this.#socket) throw new DOMException('there is no WebSocket', 'InvalidStateError');
    this.#socket.send(text);
    this.hooks.said('send()', { text });
  }

  #open() {
    const url = `${this.base}/topics/${this.topic}/ws`;
    const socket = new WebSocket(url);
    this.#socket = socket;
    this.hooks.said('new WebSocket()', { url });
    this.hooks.ready(socket.readyState);
    socket.onopen = () => {
      this.#backOff.reset();
      this.hooks.ready(socket.readyState);
      this.hooks.said('onopen', {});
      this.hooks.state('on');
    };
    socket.onmessage = (event) => {
      this.hooks.message(event.data);
      this.hooks.said('onmessage', { text: event.data });
    };
    socket.onerror = () => {
      this.hooks.ready(socket.readyState);
      this.hooks.said('onerror', {});
    };
    socket.onclose = (event) => {
      const { code, reason, wasClean } = event;
      this.hooks.ready(socket.readyState);
      this.hooks.said('onclose', { code, reason, wasClean });
      if (!this.#wanted) {
        this.hooks.state('off');
        return;
      }
      this.hooks.state('lost');
      const pause = this.#backOff.next();
      this.hooks.said('retry', { pause });
      this.#timer = setTimeout(() => this.#open(), pause);
    };
  }
}
