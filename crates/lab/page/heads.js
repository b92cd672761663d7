// The heads of each transport's last exchange, as they passed by the lab.

import { element, setText } from './dom.js';
import { number, t } from './i18n.js';

export class HeadsView {
  #kinds;
  #kind = 'websocket';
  #heads = {};

  constructor(root, kinds) {
    this.#kinds = kinds;
    this.choice = element('select', { id: 'heads-kind' });
    for (const kind of kinds) {
      this.choice.append(element('option', { value: kind, selected: kind === this.#kind, 'data-t': `${kind}.title` }));
    }
    this.choice.addEventListener('change', () => {
      this.#kind = this.choice.value;
      this.#show();
    });
    this.parts = {};
    const figures = ['request', 'answer'].map((part) => {
      const caption = element('figcaption', {});
      const text = element('pre', { id: `head-${part}` });
      this.parts[part] = { caption, text };
      return element('figure', {}, caption, text);
    });
    root.append(
      element('p', {}, element('label', { for: 'heads-kind', 'data-t': 'headsOf' }), ' ', this.choice),
      element('div', { class: 'heads' }, ...figures),
    );
  }

  async refresh(session) {
    this.#heads = await session.heads();
    this.#show();
  }

  translate() {
    this.#show();
  }

  #show() {
    const heads = this.#heads[this.#kind];
    for (const [part, { caption, text }] of Object.entries(this.parts)) {
      const head = heads?.[part] ?? '';
      // ASCII, so characters are bytes; what was not would have been replaced.
      setText(caption, t(`head.${part}`, { bytes: number(new TextEncoder().encode(head).length) }));
      setText(text, head === '' ? t('noHead') : head.replaceAll('\r\n', '\n').trimEnd());
    }
  }
}
