// The page, put together: one session, four transports on the same messages.

import { Refused, Session, balance, command, ping, ports } from './api.js';
import { since } from './bytes.js';
import { Offset, now } from './clock.js';
import { Controls } from './controls.js';
import { byId, element, setText } from './dom.js';
import { decode } from './envelope.js';
import { HeadersView } from './headers.js';
import { languageButtons, number, t, translate, whenTranslated } from './i18n.js';
import { Lanes } from './lanes.js';
import { Panel, SocketPanel } from './panel.js';
import { Events, LongPoll, ShortPoll } from './transports.js';
import { Walk } from './walk.js';
import { Socket } from './websocket.js';

const SAMPLE_EVERY_MS = 500;
const PING_EVERY_MS = 2_000;
/** Pings before anything is judged by the clock. */
const FIRST_PINGS = 5;
/** Samples of the balance until it must hold: bytes may be in transit. */
const BALANCE_SAMPLES = 20;

const session = new Session();
const offset = new Offset();
const atServer = () => offset.atServer(now());
const lanes = new Lanes(byId('lanes'), atServer);

/** A client with its panel. The panel listens to the client, the lanes to both. */
function transport(kind, Client, View) {
  const view = new View(kind, byId('panel-list'));
  const client = new Client(session.topic, {
    state: (name) => view.setState(name),
    asked: (found) => lanes.asked(kind, atServer(), found),
    ready: (state) => view.setReadyState(state),
    said: (event, details) => view.log(event, details),
    message: (payload) => {
      const envelope = decode(payload);
      if (!envelope || !offset.isKnown) return;
      const at = atServer();
      view.received(envelope.number, envelope.dueMs, at);
      lanes.received(kind, envelope.number, envelope.dueMs, at);
    },
  });
  view.control(client);
  return { kind, client, view };
}

const transports = [
  transport('short-poll', ShortPoll, Panel),
  transport('long-poll', LongPoll, Panel),
  transport('sse', Events, Panel),
  transport('websocket', Socket, SocketPanel),
];
const byKind = Object.fromEntries(transports.map((entry) => [entry.kind, entry]));

const controls = new Controls(byId('controls'), (settings, changed) => {
  if (changed.includes('intervalMs')) byKind['short-poll'].client.setInterval(settings.intervalMs);
  if (changed.includes('cookieBytes')) setCookie(settings.cookieBytes);
  if (changed.some((name) => name !== 'intervalMs' && name !== 'cookieBytes')) begin();
});

/** A cookie that only this page's own topic is sent. */
function setCookie(bytes) {
  const path = `path=/topics/${session.topic}; SameSite=Strict`;
  document.cookie = bytes > 0 ? `lab=${'x'.repeat(bytes)}; ${path}` : `lab=; Max-Age=0; ${path}`;
}

let latest = null;
/** Why the lab did not do what it was asked; `null` while it does. */
let trouble = null;
/** Settings reach the lab in the order in which they were made. */
let sent = Promise.resolve();

/** Tells the lab the settings; also after it has been started anew and knows nothing of us. */
function begin() {
  sent = sent.then(() => session.set(controls.forPublisher())).then(show, missed);
  return sent;
}

async function missed(error) {
  if (error instanceof Refused && error.status === 404) {
    // Its publisher counts from nothing again.
    lanes.forget();
    for (const { view } of transports) view.forget();
    begin();
    return;
  }
  trouble = error;
  notify();
}

function show(seen) {
  latest = seen;
  trouble = null;
  for (const { kind, view } of transports) view.setBook(seen.books[kind]);
  notify();
}

function notify() {
  const notice = byId('notice');
  const text = said();
  notice.hidden = text === '';
  setText(notice, text);
  for (const button of byId('server-controls').querySelectorAll('button')) {
    const starts = button.dataset.action === 'start';
    button.disabled = trouble !== null || !latest || latest.server_runs === starts;
  }
}

function said() {
  if (trouble instanceof Refused) return t('labRefused', { reason: trouble.message });
  if (trouble) return t('labGone');
  return latest && !latest.server_runs ? t('serverDown') : '';
}

async function watch() {
  try {
    show(await session.sample());
    if (!document.hidden) await headers.refresh(session);
  } catch (error) {
    await missed(error);
  }
  setTimeout(watch, SAMPLE_EVERY_MS);
}

async function keepTime() {
  try {
    const { sent, serverMs, received } = await ping(now);
    offset.add(sent, serverMs, received);
    setText(byId('clock'), t('clock', { uncertainty: number(offset.uncertaintyMs, 1) }));
  } catch {
    // The lab is away; the offset stays as it was.
  }
}

function serverButtons() {
  const root = byId('server-controls');
  root.append(element('span', { 'data-t': 'server' }));
  for (const action of ['kill', 'stop', 'start']) {
    const press = () => command(action).then(() => session.sample()).then(show, missed);
    root.append(element('button', { type: 'button', 'data-action': action, 'data-t': action, disabled: true, on: { click: press } }));
  }
}

function reset() {
  for (const { view } of transports) view.reset();
}

/** Whether the relays and the server's own books have the same sums, once nothing is on its way. */
async function checkBalance() {
  let off = 0;
  try {
    for (let samples = 0; samples < BALANCE_SAMPLES; samples += 1) {
      const { relayed, server } = await balance();
      const ways = Object.keys(server).flatMap((kind) => ['up', 'down'].map((way) => relayed[kind][way] - server[kind][way]));
      off = ways.reduce((total, difference) => total + Math.abs(difference), 0);
      if (off === 0) {
        const total = Object.values(server).reduce((all, { up, down }) => all + up + down, 0);
        return t('balanced', { bytes: number(total) });
      }
    }
    return t('unbalanced', { bytes: number(off) });
  } catch {
    return t('serverDown');
  }
}

/** What a step of the tour may do and see. */
const bench = {
  controls,
  clients: Object.fromEntries(transports.map(({ kind, client }) => [kind, client])),
  view: (kind) => byKind[kind].view,
  command,
  /** What comes into the books of a transport from now on, as the lab's books say it. */
  async measure(kind) {
    const before = (await session.sample()).books[kind] ?? byKind[kind].view.noBook;
    return async () => {
      const seen = await session.sample();
      show(seen);
      return since(seen.books[kind] ?? before, before);
    };
  },
};

const headers = new HeadersView(byId('headers'), transports.map(({ kind }) => kind));
const walk = new Walk(byId('walk-steps'), bench);

function legend() {
  const root = byId('legend');
  root.replaceChildren();
  for (const kind of ['payload', 'repeat', 'header', 'framing', 'control', 'handshake', 'tls', 'tcp_ip']) {
    root.append(
      element('dt', {}, element('span', { class: `swatch ${kind}`, 'aria-hidden': 'true' }), t(`kind.${kind}`)),
      element('dd', { text: t(`explain.${kind}`) }),
    );
  }
}

byId('reset').addEventListener('click', reset);
byId('check').addEventListener('click', async () => setText(byId('balance'), await checkBalance()));
serverButtons();
languageButtons(document);
whenTranslated(() => {
  document.title = t('title');
  translate(document);
  legend();
  for (const { view } of transports) view.translate();
  controls.translate();
  headers.translate();
  walk.translate();
  lanes.translate();
  notify();
});

for (let pings = 0; pings < FIRST_PINGS; pings += 1) await keepTime();
setInterval(keepTime, PING_EVERY_MS);
setCookie(controls.settings.cookieBytes);
await begin();
byKind.websocket.view.setPorts(await ports());
watch();
for (const { client } of transports) client.start();
setInterval(() => {
  for (const { view } of transports) view.tick(atServer());
}, SAMPLE_EVERY_MS);
document.documentElement.dataset.ready = 'true';
