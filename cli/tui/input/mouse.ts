/** Reports of a mouse as terminals write them in SGR mode (1006), taken out of what the keyboard sends. */
import type { Pointing } from '../paint/target.ts';

export interface MouseReport {
  what: Pointing['what'];
  /** From 0. */
  column: number;
  row: number;
}

export interface MouseInput {
  reports: readonly MouseReport[];
  /** What is left for whoever reads keys. */
  rest: string;
}

/** A report, or all of a paste up to its end, which is no report whatever stands in it. */
const TAKEN = /\u001b\[<(\d{1,5});(\d{1,5});(\d{1,5})([Mm])|\u001b\[200~[\s\S]*?(?:\u001b\[201~|$)/g;
/** What may yet become a report, or the mark of a paste. The escape character alone is a key. */
const UNFINISHED = /\u001b\[(?:<[\d;]{0,17}|20?[01]?)?$/;
/** In a paste it is none. */
const UNFINISHED_PASTE = /\u001b(?:\[(?:20?1?)?)?$/;
/** What follows an escape character that came by itself. */
const AFTER_ESCAPE = /^\[<(\d{1,5});(\d{1,5});(\d{1,5})([Mm])/;
const BEGIN_PASTE = '\u001b[200~';
const END_PASTE = '\u001b[201~';

/** Reads piece by piece: a report that comes in two pieces is put together, and none of it is taken for keys. */
export function createMouseReader(): (piece: string) => MouseInput {
  let held = '';
  let isPasting = false;
  let endedInEscape = false;
  return (piece) => {
    const reports: MouseReport[] = [];
    const take = (code: string, column: string, row: string, end: string) => {
      const what = end === 'M' ? MEANINGS[Number(code)] : undefined;
      if (what !== undefined) reports.push({ what, column: Number(column) - 1, row: Number(row) - 1 });
    };
    // Who reads keys has the escape character already, and puts the two together.
    const late = endedInEscape ? AFTER_ESCAPE.exec(piece) : null;
    if (late !== null) take(...(late.slice(1, 5) as [string, string, string, string]));
    const whole = (isPasting ? BEGIN_PASTE : '') + held + piece;
    const kept = whole.replace(TAKEN, (all, code?: string, column = '', row = '', end = '') => {
      if (code === undefined) return all;
      take(code, column, row, end);
      return '';
    });
    const rest = isPasting ? kept.slice(BEGIN_PASTE.length) : kept;
    isPasting = kept.lastIndexOf(BEGIN_PASTE) > kept.lastIndexOf(END_PASTE);
    held = (isPasting ? UNFINISHED_PASTE : UNFINISHED).exec(rest)?.[0] ?? '';
    endedInEscape = !isPasting && rest.endsWith('\u001b');
    return { reports, rest: rest.slice(0, rest.length - held.length) };
  };
}

/** By the code of the button, with 32 added while the mouse moves. Other buttons and held keys mean nothing. */
const MEANINGS: Readonly<Record<number, MouseReport['what']>> = {
  0: 'press',
  32: 'drag',
  64: 'wheel-up',
  65: 'wheel-down',
};

/** `stdin` as the library reads it, without the reports, which `onReport` gets. */
export function withoutReports(
  stdin: NodeJS.ReadStream,
  onReport: (report: MouseReport) => void,
): NodeJS.ReadStream {
  const readMouse = createMouseReader();
  const read = (size?: number): string | null => {
    for (let chunk: unknown = stdin.read(size); chunk !== null; chunk = stdin.read(size)) {
      const { reports, rest } = readMouse(String(chunk));
      for (const report of reports) onReport(report);
      if (rest !== '') return rest;
    }
    return null;
  };
  return new Proxy(stdin, {
    get(target, name) {
      if (name === 'read') return read;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
