// One transport: its state, its figures, its bytes.

import { KINDS, emptyBook, overhead, perMessage, since, stream, wire } from './bytes.js';
import { byId, element, setText } from './dom.js';
import { milliseconds, number, t } from './i18n.js';
import { Waiting } from './waiting.js';
import { READY_STATES } from './websocket.js';

const FIGURES = ['messages', 'missed', 'requests', 'empty', 'late', 'lateMean', 'age', 'ageMean', 'wirePerMessage', 'overheadPerMessage'];
/** Lines of the log that are kept. */
const LOGGED = 200;
/** From a line to its being shown. */
const WRITE_MS = 100;

export class Panel {
  noBook = emptyBook();
  #book = emptyBook();
  #base = emptyBook();
  #waiting = new Waiting();
  #last = null;
  #newest = null;
  #missed = 0;
  #state = 'off';
  #figures = {};
  #cells = {};

  constructor(kind, root) {
    this.kind = kind;
    const title = element('h3', { id: `${kind}-title`, 'data-t': `${kind}.title` });
    this.stateText = element('span', { class: 'state', role: 'status' });
    this.toggle = element('button', { type: 'button', id: `${kind}-toggle` });
    this.bar = element('div', { class: 'bar', 'aria-hidden': 'true' });
    for (const kindOfByte of KINDS) this.bar.append(element('span', { class: kindOfByte }));
    this.root = element(
      'article',
      { class: 'panel', id: kind, 'aria-labelledby': `${kind}-title` },
      element('div', { class: 'row spread' }, title, this.toggle),
      element('p', { class: 'explain', 'data-t': `${kind}.explain` }),
      this.stateText,
      this.#makeFigures(),
      this.bar,
      this.#makeTable(),
    );
    root.append(this.root);
  }

  #makeFigures() {
    const list = element('dl', { class: 'figures' });
    for (const name of FIGURES) {
      const value = element('dd', { id: `${this.kind}-${name}` });
      this.#figures[name] = value;
      list.append(element('div', {}, element('dt', { 'data-t': `figure.${name}` }), value));
    }
    return list;
  }

  #makeTable() {
    const head = element('tr', {}, ...['kind', 'up', 'down'].map((name) => element('th', { scope: 'col', 'data-t': `column.${name}` })));
    const body = element('tbody');
    for (const kind of [...KINDS, 'all']) {
      const up = element('td', { id: `${this.kind}-up-${kind}` });
      const down = element('td', { id: `${this.kind}-down-${kind}` });
      this.#cells[kind] = { up, down };
      const name = element('th', { scope: 'row' });
      if (kind !== 'all') name.append(element('span', { class: `swatch ${kind}`, 'aria-hidden': 'true' }));
      name.append(element('span', { 'data-t': kind === 'all' ? 'column.all' : `kind.${kind}` }));
      body.append(element('tr', { class: kind === 'all' ? 'total' : false }, name, up, down));
    }
    return element('table', {}, element('caption', { class: 'visually-hidden', 'data-t': 'caption' }), element('thead', {}, head), body);
  }

  /** Lets the button start and stop a client. */
  control(client) {
    this.client = client;
    this.toggle.addEventListener('click', () => {
      if (client.isOn) client.stop();
      else client.start();
      this.#showState();
    });
  }

  setState(name) {
    this.#state = name;
    this.#showState();
  }

  #showState() {
    setText(this.stateText, t(`state.${this.#state}`));
    this.stateText.dataset.state = this.#state;
    setText(this.toggle, t(this.client?.isOn ? 'off' : 'on'));
  }

  /** Takes the lab's books of this transport; none stand while nothing was asked. */
  setBook(book) {
    const seen = book ?? emptyBook();
    // A lab that was started anew counts from nothing.
    if (since(seen, this.#base) === null) this.#base = emptyBook();
    this.#book = seen;
    this.#showBook();
  }

  /** What stands in the books since the last reset. */
  get book() {
    return since(this.#book, this.#base) ?? emptyBook();
  }

  /** The publisher has begun anew, with its first number. */
  forget() {
    this.#newest = null;
  }

  /** Begins to count anew. */
  reset() {
    this.#base = this.#book;
    this.#waiting = new Waiting();
    this.#last = null;
    this.#missed = 0;
    this.#showBook();
  }

  received(number, dueMs, nowMs) {
    if (this.#newest !== null && number > this.#newest + 1) this.#missed += number - this.#newest - 1;
    this.#newest = Math.max(number, this.#newest ?? number);
    this.#waiting.receive(dueMs, nowMs);
    this.#last = nowMs - dueMs;
  }

  /** How late messages were since the last reset. */
  get waiting() {
    return this.#waiting;
  }


  #showBook() {
    const book = this.book;
    for (const kind of KINDS) {
      setText(this.#cells[kind].up, number(book.up[kind]));
      setText(this.#cells[kind].down, number(book.down[kind]));
    }
    for (const way of ['up', 'down']) {
      setText(this.#cells.all[way], number(KINDS.reduce((total, kind) => total + book[way][kind], 0)));
    }
    const total = wire(book);
    KINDS.forEach((kind, place) => {
      this.bar.children[place].style.flexGrow = total ? (book.up[kind] + book.down[kind]) / total : 0;
    });
    const figures = {
      messages: number(book.messages),
      requests: number(book.requests),
      empty: number(book.empty),
      wirePerMessage: number(perMessage(book, wire(book)), 1),
      overheadPerMessage: number(perMessage(book, overhead(book)), 1),
    };
    for (const [name, text] of Object.entries(figures)) setText(this.#figures[name], text);
  }

  /** Shows what changes with time alone. */
  tick(nowMs) {
    const figures = {
      missed: number(this.#missed),
      late: milliseconds(this.#last),
      lateMean: milliseconds(this.#waiting.mean),
      age: milliseconds(this.#waiting.ageAt(nowMs)),
      ageMean: milliseconds(this.#waiting.meanAgeAt(nowMs)),
    };
    for (const [name, text] of Object.entries(figures)) setText(this.#figures[name], text);
  }

  translate() {
    this.#showState();
    this.#showBook();
  }
}

/** The WebSocket's panel: also its `readyState`, what its handlers received, and what to send. */
export class SocketPanel extends Panel {
  #ready = WebSocket.CLOSED;
  /** Sent and received, oldest first. */
  events = [];
  #unwritten = [];
  #writing = null;
  /** `readyState` as it was seen, since the tour last sampled it. */
  seen = [];

  constructor(kind, root) {
    super(kind, root);
    this.states = element('ol', { class: 'ready-states', id: 'ready-states' });
    READY_STATES.forEach((name, state) => {
      this.states.append(element('li', { 'data-ready-state': state, text: `${state} ${name}` }));
    });
    this.logLines = element('ol', { class: 'log', id: 'log', tabindex: '0', 'data-t-label': 'log' });
    byId('socket').append(
      element('div', {}, element('h3', { text: 'readyState' }), this.states, this.#makeChoice(), this.#makeForm()),
      element('div', {}, element('h3', { 'data-t': 'log' }), this.logLines),
    );
  }

  /** With TLS or without. */
  #makeChoice() {
    this.scheme = element('select', { id: 'scheme' });
    this.scheme.addEventListener('change', () => this.#reopen());
    this.wayToCertificate = element('a', { 'data-t': 'wssLink' });
    this.aboutCertificate = element('p', { class: 'fine', id: 'about-certificate', hidden: true }, element('span', { 'data-t': 'wssExplain' }), ' ', this.wayToCertificate);
    return element('div', { class: 'choice-of-scheme' }, element('label', { for: 'scheme', 'data-t': 'scheme' }), ' ', this.scheme, this.aboutCertificate);
  }

  /** Where the lab listens. A page that came over TLS must not open what is not secure. */
  setPorts({ plain, secure }) {
    const isSecure = location.protocol === 'https:';
    const bases = [!isSecure && `ws://${location.hostname}:${plain}`, secure && `wss://${location.hostname}:${secure}`];
    this.scheme.replaceChildren(...bases.filter(Boolean).map((base) => element('option', { value: base, text: base, selected: base === this.client.base })));
    const [scheme, port] = isSecure ? ['http:', plain] : ['https:', secure];
    this.wayToCertificate.href = `${scheme}//${location.hostname}:${port}/`;
  }

  async #reopen() {
    this.client.stop();
    this.client.base = this.scheme.value;
    this.aboutCertificate.hidden = !this.scheme.value.startsWith('wss:');
    while (this.client.readyState !== WebSocket.CLOSED) await new Promise((done) => setTimeout(done, WRITE_MS));
    this.client.start();
    this.translate();
  }

  #makeForm() {
    const text = element('input', { id: 'send-text', type: 'text', maxlength: '1000', value: 'hello', autocomplete: 'off' });
    const code = element('input', { id: 'close-code', type: 'number', min: '1000', max: '4999', value: '1000' });
    const reason = element('input', { id: 'close-reason', type: 'text', maxlength: '40', autocomplete: 'off' });
    const attempt = (act) => (event) => {
      event.preventDefault();
      try {
        act();
      } catch (error) {
        this.log('throw', { name: error.name, message: error.message });
      }
    };
    return element(
      'div',
      { class: 'forms' },
      element('form', { on: { submit: attempt(() => this.client.send(text.value)) } }, element('label', { for: 'send-text', 'data-t': 'sendText' }), text, element('button', { type: 'submit', id: 'send', text: 'send()' })),
      element(
        'form',
        { on: { submit: attempt(() => this.client.close(Number(code.value), reason.value)) } },
        element('label', { for: 'close-code', 'data-t': 'closeCode' }),
        code,
        element('label', { for: 'close-reason', 'data-t': 'closeReason' }),
        reason,
        element('button', { type: 'submit', id: 'close', text: 'close()' }),
      ),
    );
  }

  setReadyState(state) {
    this.#ready = state;
    this.seen.push(state);
    this.#showReady();
  }

  #showReady() {
    for (const item of this.states.children) {
      if (Number(item.dataset.readyState) === this.#ready) item.setAttribute('aria-current', 'step');
      else item.removeAttribute('aria-current');
    }
  }

  log(event, details) {
    const at = new Date();
    const line = { at, event, details, ready: this.#ready };
    this.events.push(line);
    if (this.events.length > LOGGED) this.events.shift();
    this.#unwritten.push(line);
    // Many at a time: asking where the log is scrolled to makes the browser lay out the page.
    this.#writing ??= setTimeout(() => this.#write(), WRITE_MS);
  }

  #write() {
    this.#writing = null;
    const log = this.logLines;
    const follows = log.scrollTop + log.clientHeight >= log.scrollHeight - 4;
    log.append(...this.#unwritten.splice(0).map((line) => this.#item(line)));
    while (log.children.length > LOGGED) log.firstChild.remove();
    if (follows) log.scrollTop = log.scrollHeight;
  }

  #item({ at, event, details }) {
    const time = at.toLocaleTimeString('en-GB') + '.' + String(at.getMilliseconds()).padStart(3, '0');
    const text = event === 'retry' ? t('retry', { pause: milliseconds(details.pause) }) : Object.entries(details).map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(' ');
    return element('li', { 'data-event': event }, element('time', { text: time }), ' ', element('code', { text: event === 'retry' ? '' : event }), ' ', element('span', { text }));
  }

  translate() {
    super.translate();
    this.#showReady();
    this.#unwritten.length = 0;
    this.logLines?.replaceChildren(...this.events.map((line) => this.#item(line)));
  }
}
