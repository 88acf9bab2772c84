/** The form that launches a run. */
import { safeText } from '../../safe-text.ts';
import { framed, innerSize } from '../components/frame.ts';
import { BOLD, DIM, type Line, span } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';
import { FIELDS, type Form } from './form.ts';

const LABEL = 14;

export const FormPane = pane<{ form: Form }>(
  'FormPane',
  ({ form }, { width, height }) => {
    const inner = innerSize(width, height);
    const rows = FIELDS.map((field, i): Line => {
      const value = form.values[field.name] ?? '';
      const isHere = i === form.at;
      const isWrong = form.error?.field === field.name;
      return [
        span(isHere ? '▸ ' : '  ', { color: 'cyan', bold: true }),
        span(field.label.padEnd(LABEL), isHere ? BOLD : {}),
        span(safeText(value), isWrong ? { color: 'red' } : { color: 'cyan' }),
        span(isHere ? '▏' : '', BOLD),
        span(value === '' ? field.empty : '', DIM),
        span(isHere && field.choices !== undefined ? `   ← ${field.choices.join(' · ')} →` : '', DIM),
      ];
    });
    // On a low screen the fields move under the frame so that the chosen one stays in it.
    const room = inner.height - 2;
    const top = Math.max(0, Math.min(form.at - Math.floor(room / 2), rows.length - room));
    const said =
      form.error !== null ? safeText(form.error.text) : form.isSent ? 'Launching.' : 'Enter launches it.';
    return framed({ title: 'Launch a run', aside: 'Esc leaves it', width, height, color: 'cyan' }, [
      ...rows.slice(top, top + room),
      [],
      [span(said, form.error === null ? DIM : { color: 'red', bold: true })],
    ]);
  },
  1,
);
