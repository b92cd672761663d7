// The guided tour: a question, the student's prediction, the measured answer.

import { element, setText } from './dom.js';
import { number, t } from './i18n.js';
import { STEPS } from './steps.js';

/** Longest that a measurement may take; a server that is away is the usual reason. */
const DEADLINE_MS = 60_000;
const SAMPLE_EVERY_MS = 100;
/** A prediction this close to what was measured was right. */
const CLOSE = 0.2;

export class Walk {
  #place = 0;
  /** By step: what was predicted and measured. */
  #answers = STEPS.map(() => ({ prediction: null, measured: null, failed: false }));
  #isBusy = false;

  constructor(root, bench) {
    this.bench = { ...bench, until, clock: () => performance.now() };
    this.number = element('p', { class: 'fine', id: 'walk-number' });
    this.title = element('h3', { id: 'walk-question', tabindex: '-1' });
    this.text = element('p', {});
    this.form = element('form', { id: 'walk-form', on: { submit: (event) => this.#submit(event) } });
    this.result = element('div', { class: 'result', id: 'walk-result', role: 'status' });
    this.back = element('button', { type: 'button', id: 'walk-back', 'data-t': 'back', on: { click: () => this.#go(-1) } });
    this.next = element('button', { type: 'button', id: 'walk-next', 'data-t': 'next', on: { click: () => this.#go(1) } });
    root.append(this.number, this.title, this.text, this.form, this.result, element('div', { class: 'row' }, this.back, this.next));
  }

  get #step() {
    return STEPS[this.#place];
  }

  get #answer() {
    return this.#answers[this.#place];
  }

  #go(by) {
    this.#place += by;
    this.translate();
    this.title.focus();
  }

  translate() {
    const { id } = this.#step;
    setText(this.number, t('stepOf', { step: this.#place + 1, steps: STEPS.length }));
    setText(this.title, t(`${id}.question`));
    setText(this.text, t(`${id}.setting`));
    this.form.replaceChildren(...this.#fields(), element('button', { type: 'submit', id: 'walk-measure', text: t('measure'), disabled: this.#isBusy }));
    this.back.disabled = this.#isBusy || this.#place === 0;
    this.next.disabled = this.#isBusy || this.#place === STEPS.length - 1;
    this.#showResult();
  }

  #fields() {
    const { id, choices } = this.#step;
    const { prediction } = this.#answer;
    if (!choices) {
      return [
        element('label', { for: 'prediction', text: t(`${id}.predict`) }),
        element('input', { id: 'prediction', name: 'prediction', type: 'number', step: 'any', min: '0', required: true, value: prediction }),
      ];
    }
    const options = choices.map((choice) => {
      const input = element('input', { type: 'radio', name: 'prediction', value: choice, id: `choice-${choice}`, required: true, checked: prediction === choice });
      return element('span', { class: 'choice' }, input, element('label', { for: `choice-${choice}`, text: t(`${id}.choice.${choice}`) }));
    });
    return [element('fieldset', {}, element('legend', { text: t(`${id}.predict`) }), ...options)];
  }

  async #submit(event) {
    event.preventDefault();
    if (this.#isBusy) return;
    const answer = this.#answer;
    const given = new FormData(this.form).get('prediction');
    Object.assign(answer, { prediction: this.#step.choices ? given : Number(given), measured: null, failed: false });
    this.#isBusy = true;
    this.translate();
    try {
      answer.measured = await within(DEADLINE_MS, this.#step.measure(this.bench));
    } catch {
      answer.failed = true;
    }
    this.#isBusy = false;
    this.translate();
  }

  #showResult() {
    const { id, choices } = this.#step;
    const { prediction, measured, failed } = this.#answer;
    this.result.replaceChildren();
    delete this.result.dataset.value;
    if (this.#isBusy) this.result.append(element('p', { text: t('measuring') }));
    else if (failed) this.result.append(element('p', { text: t('measureFailed') }));
    if (this.#isBusy || !measured) return;
    const said = choices ? t(`${id}.choice.${measured.value}`) : t(`${id}.unit`, { n: number(measured.value, measured.digits ?? 0) });
    const isRight = choices ? prediction === measured.value : Math.abs(prediction - measured.value) <= CLOSE * Math.abs(measured.value);
    const verdict = choices ? t(isRight ? 'right' : 'other') : t(isRight ? 'near' : 'far', { prediction: number(prediction, Number.isInteger(prediction) ? 0 : 1) });
    this.result.dataset.value = measured.value;
    this.result.append(
      element('p', {}, element('strong', { text: `${t('measured')} ${said}.` }), ' ', verdict),
      element('p', { text: t(`${id}.why`, shown(measured.with ?? {})) }),
    );
  }
}

function shown(values) {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, typeof value === 'number' ? number(value, Number.isInteger(value) ? 0 : 1) : value]));
}

/** Waits until `sample` gives something, and gives that. */
async function until(sample) {
  const begin = performance.now();
  for (;;) {
    const seen = await sample();
    if (seen) return seen;
    if (performance.now() - begin > DEADLINE_MS) throw new Error('deadline exceeded');
    await new Promise((resolve) => setTimeout(resolve, SAMPLE_EVERY_MS));
  }
}

function within(ms, promise) {
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error('took too long')), ms));
  return Promise.race([promise, late]);
}
