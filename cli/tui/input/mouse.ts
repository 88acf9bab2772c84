/** Reports of a mouse as terminals write them in SGR mode (1006), told from keys. */
import type { Pointing } from '../paint/target.ts';

export interface MouseReport {
  what: Pointing['what'];
  /** From 0. */
  column: number;
  row: number;
}

/** What is left of an input once the reports in it are taken out. */
export interface MouseInput {
  reports: readonly MouseReport[];
  /** What was no report: keys. */
  rest: string;
}

/** Without the escape character, which the library cuts off; over a slow line the bracket may go with it. */
const REPORT = /\[?<(\d{1,5});(\d{1,5});(\d{1,5})([Mm])/g;
const TAIL = /\[<[\d;]{0,17}$/;

/** Reads reports from pieces of input: one that comes in two pieces is put together, and none is taken for keys. */
export function createMouseReader(): (input: string) => MouseInput {
  let pending = '';
  return (input) => {
    const reports: MouseReport[] = [];
    const rest = (pending + input).replace(REPORT, (_, ...numbers: string[]) => {
      const [code, column, row, end] = numbers;
      const what = end === 'M' ? MEANINGS[Number(code)] : undefined;
      if (what !== undefined) reports.push({ what, column: Number(column) - 1, row: Number(row) - 1 });
      return '';
    });
    const tail = TAIL.exec(rest)?.[0] ?? '';
    // What never became a report is no keys either.
    const isBroken = pending !== '' && tail === '' && rest.startsWith(pending);
    const keys = rest.slice(isBroken ? pending.length : 0, rest.length - tail.length);
    pending = tail;
    return { reports, rest: keys };
  };
}

/** By the code of the button, with 32 added while the mouse moves. Other buttons and held keys mean nothing. */
const MEANINGS: Readonly<Record<number, MouseReport['what']>> = {
  0: 'press',
  32: 'drag',
  64: 'wheel-up',
  65: 'wheel-down',
};
