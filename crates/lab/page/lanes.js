// Timeline of messages: a lane for each transport, time running to the right, now at its edge.

import { t } from './i18n.js';

const KINDS = ['short-poll', 'long-poll', 'sse', 'websocket'];
const SHOWN_MS = 12_000;
const LANE = 44;
const MARGIN = 4;
/** Messages and polls that are remembered; more than fit the picture at the quickest settings. */
const KEPT = 2_000;
/** Between pictures; they must not take from the browser what it needs to receive. */
const MOVING_MS = 30;
/** The same where motion is not wanted. */
const STILL_MS = 1_000;

/**
 * Each message is a line from when it was due to when it was received: the longer, the later. One
 * that other lanes have and this one waits for grows until now. Marks below a lane are responses to
 * requests, hollow where nothing was found.
 */
export class Lanes {
  /** Due times by publish number, from whichever lane received it first. */
  #due = new Map();
  #lanes = new Map(KINDS.map((kind) => [kind, { received: new Map(), asked: [], since: 0 }]));
  #drawn = 0;

  constructor(canvas, atServer) {
    this.canvas = canvas;
    this.atServer = atServer;
    this.calm = matchMedia('(prefers-reduced-motion: reduce)');
    this.dark = matchMedia('(prefers-color-scheme: dark)');
    this.dark.addEventListener('change', () => (this.colours = null));
    requestAnimationFrame((time) => this.#frame(time));
  }

  received(kind, number, dueMs, atMs) {
    const lane = this.#lanes.get(kind);
    if (!this.#due.has(number)) this.#due.set(number, dueMs);
    lane.received.set(number, atMs);
    lane.since ||= dueMs;
    for (const known of [this.#due, lane.received]) {
      if (known.size > KEPT) known.delete(known.keys().next().value);
    }
  }

  asked(kind, atMs, found) {
    const { asked } = this.#lanes.get(kind);
    asked.push({ atMs, found });
    if (asked.length > KEPT) asked.shift();
  }

  /** The publisher has begun anew, with its first number. */
  forget() {
    this.#due.clear();
    for (const lane of this.#lanes.values()) lane.received.clear();
  }

  translate() {
    this.#drawn = 0;
  }

  #frame(time) {
    if (time - this.#drawn >= (this.calm.matches ? STILL_MS : MOVING_MS)) {
      this.#drawn = time;
      this.#draw();
    }
    requestAnimationFrame((next) => this.#frame(next));
  }

  #draw() {
    const { canvas } = this;
    const scale = devicePixelRatio;
    const width = canvas.clientWidth;
    const height = LANE * KINDS.length + 18;
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
      canvas.style.height = `${height}px`;
    }
    this.colours ??= colours(canvas);
    const context = canvas.getContext('2d');
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = '13px system-ui, sans-serif';
    const now = this.atServer();
    const left = width < 600 ? 8 : 150;
    const x = (ms) => width - MARGIN - ((now - ms) / SHOWN_MS) * (width - MARGIN - left);
    this.#drawSeconds(context, x, now, left, width, height);
    KINDS.forEach((kind, place) => this.#drawLane(context, kind, place * LANE, { x, now, left, width }));
  }

  #drawSeconds(context, x, now, left, width, height) {
    context.textAlign = 'center';
    for (let ago = 0; ago * 1000 <= SHOWN_MS; ago += 2) {
      const at = x(now - ago * 1000);
      context.fillStyle = this.colours.faint;
      context.fillRect(at, 0, 1, height - 18);
      context.fillStyle = this.colours.quiet;
      if (ago > 0 && at > left + 12) context.fillText(`−${ago} s`, at, height - 4);
    }
    context.textAlign = 'right';
    context.fillText(t('now'), width - MARGIN, height - 4);
  }

  #drawLane(context, kind, top, { x, now, left, width }) {
    const lane = this.#lanes.get(kind);
    const middle = top + 24;
    context.fillStyle = this.colours.faint;
    context.fillRect(left, middle, width - left - MARGIN, 1);
    context.save();
    context.beginPath();
    context.rect(left, top, width - left, LANE);
    context.clip();
    for (const [number, due] of this.#due) {
      const at = lane.received.get(number);
      const end = at ?? now;
      if (end < now - SHOWN_MS - 500 || (at === undefined && due < (lane.since || Infinity))) continue;
      context.strokeStyle = at === undefined ? this.colours.waiting : this.colours.late;
      context.lineWidth = 3;
      context.beginPath();
      context.moveTo(x(due), middle - 3);
      context.lineTo(x(due), middle + 4);
      context.moveTo(x(due), middle + 0.5);
      context.lineTo(x(end), middle + 0.5);
      context.stroke();
      if (at === undefined) continue;
      context.fillStyle = this.colours[kind];
      context.beginPath();
      context.arc(x(at), middle + 0.5, 5, 0, 7);
      context.fill();
    }
    for (const { atMs, found } of lane.asked) {
      if (atMs < now - SHOWN_MS) continue;
      if (found) {
        context.fillStyle = this.colours[kind];
        context.fillRect(x(atMs) - 1.5, middle + 9, 3, 8);
      } else {
        context.strokeStyle = this.colours.waiting;
        context.lineWidth = 1;
        context.strokeRect(x(atMs) - 1.5, middle + 9.5, 3, 7);
      }
    }
    context.restore();
    context.textAlign = 'left';
    context.fillStyle = this.colours.text;
    context.fillText(t(`${kind}.short`), MARGIN, left > 100 ? middle + 5 : top + 13);
  }
}

function colours(canvas) {
  const style = getComputedStyle(canvas);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    text: colour('text'),
    quiet: colour('quiet'),
    faint: colour('line'),
    late: colour('late'),
    waiting: colour('waiting'),
    'short-poll': colour('short-poll'),
    'long-poll': colour('long-poll'),
    sse: colour('sse'),
    websocket: colour('websocket'),
  };
}
