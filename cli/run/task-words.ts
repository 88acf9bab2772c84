/** Tasks in words, alike on the page, on the terminal and in lines: asked for, worked at, done, or not done. */
import type { Shrunk, Task, TaskKind, TaskProgress } from '../../server/contract/index.ts';
import { counted, formatNumber, formatSeconds } from './format.ts';
import { safeLines, safeText } from './sanitize.ts';

/** What a kind of task is called in each of its states. All text here is safe for terminals and pages. */
const WORDS: Record<TaskKind, { asked: string; doing: string; none: string }> = {
  explain: { asked: 'Why it broke is asked for', doing: 'Looking for why it broke', none: 'Not explained' },
  shrink: { asked: 'It is asked to be made small', doing: 'Making it small', none: 'Not made small' },
  verify: {
    asked: 'It is asked to be executed again',
    doing: 'Executing it again',
    none: 'Not executed again',
  },
  bisect: {
    asked: 'The first bad commit is asked for',
    doing: 'Looking for the first bad commit',
    none: 'The first bad commit is not found',
  },
};

/** How a task stands that has no result; null: it has one. */
export function taskWords(kind: TaskKind, task: Task): string | null {
  switch (task.state) {
    case 'ready':
      return null;
    case 'none':
      return `${WORDS[kind].none}: ${safeLines(task.reason)}`;
    case 'pending':
      return progressWords(kind, task.progress);
  }
}

/** How far it is; `progress` null: nobody works at it. */
export function progressWords(kind: TaskKind, progress: TaskProgress | null): string {
  const { asked, doing } = WORDS[kind];
  if (progress === null) return `${asked}; nobody works at it yet.`;
  const { stage, executions, operations, seconds } = progress;
  const told = [
    operations === null ? '' : `${counted(operations, 'operation', 'operations')} left`,
    `${operations === null ? '' : 'trying '}${safeText(stage)}`,
    // To verify takes one; its stage says how far that is.
    kind === 'verify' ? '' : `${counted(executions, 'execution', 'executions')} so far`,
    seconds < 1 ? '' : seconds < 60 ? `${seconds} s` : formatSeconds(seconds),
  ];
  return `${doing}: ${told.filter(Boolean).join(', ')}.`;
}

/** `Made small: 4 of 120 operations, none can be left out; 212 executions in 1.9 s.` */
export function shrunkWords({ operations, operationsBefore, minimal, executions, seconds }: Shrunk): string {
  const left = `${formatNumber(operations)} of ${formatNumber(operationsBefore)} operations`;
  const cost = `${counted(executions, 'execution', 'executions')} in ${formatSeconds(seconds)}`;
  return `Made small: ${left}${minimal ? ', none can be left out' : ''}; ${cost}.`;
}
