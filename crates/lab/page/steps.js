// The steps of the guided tour: what is set, what is watched, and what comes out.
//
// Texts stand in the languages' files under the step's id. A step measures with the same books that
// the panels show, from its beginning on.

import { overhead, perMessage, stream, sum, wire } from './bytes.js';

const QUIET = { messageEveryMs: 1_000, payloadBytes: 20, cookieBytes: 0, intervalMs: 1_000, random: false };
const OPEN = WebSocket.OPEN;

/** Sets the sliders, and lets these transports run. */
function prepare(bench, settings, kinds) {
  bench.controls.set({ ...QUIET, ...settings });
  for (const kind of kinds) bench.clients[kind].start();
}

/** What came into a transport's books from now on, once `enough` of it has. */
async function watch(bench, kind, enough) {
  const taken = await bench.measure(kind);
  return bench.until(async () => {
    const book = await taken();
    return book && enough(book) ? book : null;
  });
}

const messages = (least) => (book) => book.messages >= least;
const headers = (book) => sum(book, ['header']);

/** A WebSocket that is opened anew and seen from its first moment. */
async function openAnew(bench) {
  const socket = bench.clients.websocket;
  const view = bench.view('websocket');
  socket.stop();
  await bench.until(() => socket.readyState === WebSocket.CLOSED);
  const taken = await bench.measure('websocket');
  view.seen.length = 0;
  socket.start();
  await bench.until(() => socket.readyState === OPEN);
  return { taken, view, socket };
}

export const STEPS = [
  {
    id: 'poll-head',
    async measure(bench) {
      prepare(bench, { messageEveryMs: 5_000 }, ['short-poll']);
      const book = await watch(bench, 'short-poll', (seen) => seen.requests >= 3);
      const up = book.up.header / book.requests;
      const down = book.down.header / book.requests;
      return { value: Math.round(up + down), with: { up: Math.round(up), down: Math.round(down) } };
    },
  },
  {
    id: 'empty-polls',
    async measure(bench) {
      prepare(bench, { intervalMs: 500, messageEveryMs: 2_000 }, ['short-poll']);
      const book = await watch(bench, 'short-poll', (seen) => seen.requests >= 16);
      return { value: (100 * book.empty) / book.requests, with: { empty: book.empty, requests: book.requests } };
    },
  },
  {
    id: 'late',
    async measure(bench) {
      prepare(bench, { intervalMs: 2_000, messageEveryMs: 200, random: true }, ['short-poll', 'websocket']);
      const views = ['short-poll', 'websocket'].map((kind) => bench.view(kind));
      const before = views.map(({ waiting }) => ({ waiting, count: waiting.count, sum: waiting.count * (waiting.mean ?? 0) }));
      const mean = ({ waiting, count, sum: past }) => (waiting.count * waiting.mean - past) / (waiting.count - count);
      await watch(bench, 'short-poll', (seen) => seen.requests - seen.empty >= 4);
      const [poll, push] = before.map(mean);
      return { value: poll, with: { push, messages: before[0].waiting.count - before[0].count } };
    },
  },
  {
    id: 'ready-state',
    choices: ['0', '1', '2', '3'],
    async measure(bench) {
      prepare(bench, {}, []);
      const { view, socket } = await openAnew(bench);
      const first = view.seen[0];
      socket.stop();
      await bench.until(() => socket.readyState === WebSocket.CLOSED);
      const seen = view.seen.join(', ');
      socket.start();
      return { value: String(first), with: { seen } };
    },
  },
  {
    id: 'upgrade',
    async measure(bench) {
      prepare(bench, {}, []);
      const { taken } = await openAnew(bench);
      const book = await bench.until(async () => {
        const seen = await taken();
        return seen?.down.handshake ? seen : null;
      });
      return { value: sum(book, ['handshake']), with: { up: book.up.handshake, down: book.down.handshake } };
    },
  },
  {
    id: 'frame',
    async measure(bench) {
      prepare(bench, { messageEveryMs: 500 }, ['websocket']);
      const book = await watch(bench, 'websocket', messages(4));
      return { value: book.down.framing / book.messages, with: { messages: book.messages, payload: book.down.payload / book.messages } };
    },
  },
  {
    id: 'ratio',
    async measure(bench) {
      prepare(bench, { messageEveryMs: 500, intervalMs: 500 }, ['short-poll', 'websocket']);
      const both = await Promise.all(['short-poll', 'websocket'].map((kind) => watch(bench, kind, messages(8))));
      const [poll, push] = both;
      const ratio = (of) => perMessage(poll, of(poll)) / perMessage(push, of(push));
      return {
        value: ratio(wire),
        digits: 1,
        with: { headers: headers(poll) / poll.messages / (push.down.framing / push.messages), stream: ratio(stream), poll: perMessage(poll, wire(poll)), push: perMessage(push, wire(push)) },
      };
    },
  },
  {
    id: 'cookie',
    async measure(bench) {
      const cost = async (cookieBytes) => {
        prepare(bench, { messageEveryMs: 500, intervalMs: 500, cookieBytes }, ['short-poll', 'websocket']);
        const [poll, push] = await Promise.all(['short-poll', 'websocket'].map((kind) => watch(bench, kind, messages(3))));
        return { poll: poll.up.header / poll.requests, push: overhead(push) - sum(push, ['tls', 'tcp_ip']), messages: push.messages };
      };
      const plain = await cost(0);
      const sweet = await cost(1_000);
      bench.controls.set({ cookieBytes: 0 });
      return { value: Math.round(sweet.poll - plain.poll), with: { push: Math.round(sweet.push / sweet.messages - plain.push / plain.messages) } };
    },
  },
  {
    id: 'crash',
    choices: ['1000', '1001', '1006', 'none'],
    async measure(bench) {
      prepare(bench, {}, ['websocket']);
      const socket = bench.clients.websocket;
      const view = bench.view('websocket');
      await bench.until(() => socket.readyState === OPEN);
      const from = new Date();
      const fired = () => view.events.filter(({ at, event }) => at >= from && event.startsWith('on') && event !== 'onmessage');
      await bench.command('kill');
      const closed = await bench.until(() => fired().find(({ event }) => event === 'onclose'));
      // An attempt to come back while nobody is there.
      await bench.until(() => fired().find(({ event }) => event === 'onerror'));
      await bench.command('start');
      await bench.until(() => socket.readyState === OPEN);
      const order = fired().map(({ event, details }) => (event === 'onclose' ? `onclose ${details.code}` : event));
      return { value: String(closed.details.code), with: { order: order.join(', ') } };
    },
  },
];
