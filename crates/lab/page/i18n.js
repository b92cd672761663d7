// The texts, in the language of the reader.

import { en } from './en.js';
import { zh } from './zh.js';

export const languages = { en, zh };

const STORED = 'pushbench-lab-language';
const listeners = new Set();
let language = chosen();

function chosen() {
  const stored = localStorage.getItem(STORED);
  if (stored in languages) return stored;
  return navigator.languages.find((name) => name.toLowerCase().startsWith('zh')) ? 'zh' : 'en';
}

/** The language in use, as `en`. */
export const current = () => language;

/** The text of a key, with `{name}` filled in. */
export function t(key, values = {}) {
  const text = languages[language][key] ?? languages.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}

/** A number as the language writes it; `n/a` for one that is not known. */
export function number(value, digits = 0) {
  if (value === null || value === undefined || Number.isNaN(value)) return t('none');
  return new Intl.NumberFormat(language === 'zh' ? 'zh-CN' : 'en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}

/** A time in milliseconds, with its unit, shorter where digits would say nothing. */
export function milliseconds(ms) {
  if (ms === null || ms === undefined) return t('none');
  return ms >= 10_000 ? `${number(ms / 1000, 1)} s` : `${number(ms, ms < 100 ? 1 : 0)} ms`;
}

/** Calls back now and whenever the language changes. */
export function whenTranslated(callback) {
  listeners.add(callback);
  callback();
}

/** Changes the language of everything. */
export function setLanguage(name) {
  language = name;
  localStorage.setItem(STORED, name);
  for (const listener of listeners) listener();
}

/** Fills in what the HTML marks: `data-t` for text, `data-t-label` for a label for screen readers. */
export function translate(root) {
  for (const node of root.querySelectorAll('[data-t]')) node.textContent = t(node.dataset.t);
  for (const node of root.querySelectorAll('[data-t-label]')) {
    node.setAttribute('aria-label', t(node.dataset.tLabel));
  }
}

/** Buttons that choose the language, one for each. */
export function languageButtons(root) {
  for (const button of root.querySelectorAll('button[data-language]')) {
    button.addEventListener('click', () => setLanguage(button.dataset.language));
  }
  whenTranslated(() => {
    document.documentElement.lang = language === 'zh' ? 'zh-Hans' : 'en';
    for (const button of root.querySelectorAll('button[data-language]')) {
      button.setAttribute('aria-pressed', String(button.dataset.language === language));
    }
  });
}
