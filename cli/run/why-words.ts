/** Why it broke in words: the title, what was tried, and what it took. */
import type { Cure, Why } from '../../server/contract/index.ts';
import { counted, formatNumber, formatSeconds } from './format.ts';
import { safeText } from './sanitize.ts';

/** One thing that was tried. All text here is safe for terminals and pages. */
export interface CureWords {
  what: string;
  /** `16 of 16 pass, 9 retries`. */
  result: string;
  /** Whether it passed each time: then it is a suggestion, never more. */
  passes: boolean;
}

export function cureWords({ what, passes, of, otherwise, retries }: Cure): CureWords {
  const told = [
    `${formatNumber(passes)} of ${formatNumber(of)} ${of === 1 ? 'passes' : 'pass'}`,
    otherwise === 0 ? '' : `${formatNumber(otherwise)} ${otherwise === 1 ? 'fails' : 'fail'} in another way`,
    retries === null ? '' : counted(retries, 'retry', 'retries'),
  ];
  return { what: safeText(what), result: told.filter(Boolean).join(', '), passes: of > 0 && passes === of };
}

/** What was tried and is not told by the conclusion. */
export function listedCures({ cures }: Why): CureWords[] {
  return cures.filter(({ told }) => !told).map(cureWords);
}

/** What was tried, in two lines: what passed each time, and what did not. */
export function triedLines(why: Why): { text: string; passes: boolean }[] {
  const told = listedCures(why);
  return [true, false].flatMap((passes) => {
    const those = told.filter((each) => each.passes === passes);
    const text = those
      .map(({ what, result }) => `${what} (${result.replace(/ pass(es)?(,|$)/, '$2')})`)
      .join('; ');
    return those.length === 0 ? [] : [{ text: `${passes ? '✔ passes' : '✖ fails'}: ${text}`, passes }];
  });
}

/** What is said under the lanes, a line each. */
export function conclusionLines({ conclusion, notAsAsked }: Why): string[] {
  const asked =
    notAsAsked === 0 ? [] : [`${counted(notAsAsked, 'step was', 'steps were')} not taken as the order asks.`];
  return [...conclusion.map(safeText), ...asked];
}

/** `19 executions in 1.4 s`. */
export function costWords({ source, executions, seconds }: Why): string {
  if (source === 'requests') return 'reading what the run recorded; nothing was executed again';
  return `${counted(executions, 'execution', 'executions')} in ${formatSeconds(seconds)}`;
}

/** The whole of it without the lanes, a line each: for what shows text alone. */
export function whyLines(why: Why): string[] {
  const name = why.name === null ? '' : ` (${safeText(why.name)})`;
  const tried = listedCures(why).map(({ what, result }) => `  ${what}: ${result}`);
  return [
    `${safeText(why.sentence)}${name}`,
    ...conclusionLines(why),
    ...(tried.length === 0 ? [] : ['What was tried:', ...tried]),
  ];
}
