// The teachers' page: texts in both languages, one shown.

import { languageButtons, t, translate, whenTranslated } from './i18n.js';

languageButtons(document);
whenTranslated(() => {
  document.title = `${t('title')}: ${t('teachers')}`;
  translate(document);
});
document.documentElement.dataset.ready = 'true';
