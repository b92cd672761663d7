// The headers of each transport's last exchange, as they passed through the lab.

import { element, setText } from './dom.js';
import { number, t } from './i18n.js';

export class HeadersView {
  #kinds;
  #kind = 'websocket';
  #headers = {};

  constructor(root, kinds) {
    this.#kinds = kinds;
    this.choice = element('select', { id: 'headers-kind' });
    for (const kind of kinds) {
      this.choice.append(element('option', { value: kind, selected: kind === this.#kind, 'data-t': `${kind}.title` }));
    }
    this.choice.addEventListener('change', () => {
      this.#kind = this.choice.value;
      this.#show();
    });
    this.parts = {};
    const figures = ['request', 'response'].map((part) => {
      const caption = element('figcaption', {});
      const text = element('pre', { id: `headers-${part}` });
      this.parts[part] = { caption, text };
      return element('figure', {}, caption, text);
    });
    root.append(
      element('p', {}, element('label', { for: 'headers-kind', 'data-t': 'headersOf' }), ' ', this.choice),
      element('div', { class: 'headers' }, ...figures),
    );
  }

  async refresh(session) {
    this.#headers = await session.headers();
    this.#show();
  }

  translate() {
    this.#show();
  }

  #show() {
    const headers = this.#headers[this.#kind];
    for (const [part, { caption, text }] of Object.entries(this.parts)) {
      const head = headers?.[part] ?? '';
      // ASCII, so characters are bytes; what was not would have been replaced.
      setText(caption, t(`headers.${part}`, { bytes: number(new TextEncoder().encode(head).length) }));
      setText(text, head === '' ? t('noHeaders') : head.replaceAll('\r\n', '\n').trimEnd());
    }
  }
}
