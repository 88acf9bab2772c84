/** The form that launches a run. */

import { standardOf } from '../../../server/contract/setting-text.ts';
import { FORM_ROWS } from '../../run/launch-form.ts';
import { safeText } from '../../run/sanitize.ts';
import { wrap } from '../../terminal/columns.ts';
import { framed, innerSize } from '../components/frame.ts';
import { BOLD, DIM, type Line, span } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';
import { choicesHere, type Form, placeHere } from './form.ts';

const LABEL = 14;
/** Under the fields there is room for so many lines about the one that is typed in, or of what is wrong. */
const SAID_ROWS = 2;
/** With its frame. */
export const FORM_HEIGHT = FORM_ROWS.length + 1 + SAID_ROWS + 2;

export const FormPane = pane<{ form: Form }>(
  'FormPane',
  ({ form }, { width, height }) => {
    const inner = innerSize(width, height);
    const rows = FORM_ROWS.map(([name, setting], i): Line => {
      const value = form.values[name] ?? '';
      const isHere = i === form.at;
      const isWrong = form.error?.field === name;
      return [
        span(isHere ? '▸ ' : '  ', { color: 'cyan', bold: true }),
        span(setting.label.padEnd(LABEL), isHere ? BOLD : {}),
        span(safeText(value), isWrong ? { color: 'red' } : { color: 'cyan' }),
        span(isHere ? '▏' : '', BOLD),
        span(value === '' ? standardOf(setting) : '', DIM),
        span(isHere ? arrows(form) : '', DIM),
      ];
    });
    // On a low screen the fields move under the frame so that the chosen one stays in it.
    const room = inner.height - 1 - SAID_ROWS;
    const top = Math.max(0, Math.min(form.at - Math.floor(room / 2), rows.length - room));
    const said = wrap(safeText(saidBelow(form)), inner.width).slice(0, SAID_ROWS);
    const aside = form.isSent ? 'launching' : 'Enter launches it, Esc leaves it';
    return framed({ title: 'Launch a run', aside, width, height, color: 'cyan' }, [
      ...rows.slice(top, top + room),
      [],
      ...said.map((text): Line => [span(text, form.error === null ? DIM : { color: 'red', bold: true })]),
    ]);
  },
  1,
);

/** Which of how many choices it is, or all of few. */
function arrows(form: Form): string {
  const choices = choicesHere(form);
  if (choices.length === 0) return '';
  const names = choices.map(({ name }) => name).filter((name) => name !== '');
  const place = `${placeHere(form) + 1 || '–'} of ${choices.length}`;
  return `   ← ${names.length <= 4 ? names.join(' · ') : place} →`;
}

/** What is wrong; else what the choice means, or the field. */
function saidBelow(form: Form): string {
  if (form.error !== null) return form.error.text;
  const chosen = choicesHere(form)[placeHere(form)];
  const help = FORM_ROWS[form.at]?.[1].help ?? '';
  return chosen === undefined || chosen.name === '' ? help : `${chosen.name}: ${chosen.what}`;
}
