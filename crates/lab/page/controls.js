// The sliders.

import { element, setText } from './dom.js';
import { milliseconds, number, t } from './i18n.js';

/** Each slider runs over these values, so that small and large ones are as easy to set. */
const SLIDERS = [
  { name: 'intervalMs', values: [100, 200, 500, 1_000, 2_000, 3_000, 5_000, 10_000], start: 1_000, show: milliseconds },
  { name: 'messageEveryMs', values: [50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000], start: 1_000, show: milliseconds },
  { name: 'payloadBytes', values: [16, 20, 50, 125, 126, 500, 1_000, 4_000, 16_384], start: 20, show: (value) => t('bytes', { n: number(value) }) },
  { name: 'cookieBytes', values: [0, 50, 100, 282, 500, 1_000, 2_000, 4_000], start: 0, show: (value) => t('bytes', { n: number(value) }) },
];

export class Controls {
  #sliders = {};
  #random;

  /** `changed` is called with all settings and the names of those that changed. */
  constructor(root, changed) {
    this.settings = { random: true };
    this.changed = changed;
    for (const { name, values, start, show } of SLIDERS) {
      this.settings[name] = start;
      const label = element('label', { for: name });
      const output = element('output', { for: name });
      const input = element('input', { type: 'range', id: name, min: 0, max: values.length - 1, step: 1, value: values.indexOf(start) });
      input.addEventListener('input', () => this.set({ [name]: values[input.value] }));
      this.#sliders[name] = { input, label, output, values, show };
      root.append(element('div', { class: 'slider' }, label, output, input));
    }
    this.#random = element('input', { type: 'checkbox', id: 'random', checked: this.settings.random });
    this.#random.addEventListener('change', () => this.set({ random: this.#random.checked }));
    root.append(element('div', { class: 'slider check' }, this.#random, element('label', { for: 'random', 'data-t': 'random' })));
  }

  /** What the lab's publisher has to know. */
  forPublisher() {
    const { messageEveryMs, payloadBytes, random } = this.settings;
    return { message_every_ms: messageEveryMs, payload_bytes: payloadBytes, random };
  }

  /** Changes some settings at once. */
  set(some) {
    const names = Object.keys(some).filter((name) => this.settings[name] !== some[name]);
    Object.assign(this.settings, some);
    for (const name of names) this.#show(name);
    if (names.length > 0) this.changed(this.settings, names);
  }

  translate() {
    for (const name of Object.keys(this.#sliders)) {
      setText(this.#sliders[name].label, t(`slider.${name}`));
      this.#show(name);
    }
  }

  #show(name) {
    if (name === 'random') {
      this.#random.checked = this.settings.random;
      return;
    }
    const { input, output, values, show } = this.#sliders[name];
    const text = show(this.settings[name]);
    input.value = values.indexOf(this.settings[name]);
    input.setAttribute('aria-valuetext', text);
    setText(output, text);
  }
}
