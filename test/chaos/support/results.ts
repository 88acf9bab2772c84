/** The table of rows that a run of the suite prints and, when asked, writes into a document. */
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ALLOWANCE, COMMIT, FULL, SEED } from './seed.ts';

export interface RowResult {
  row: number;
  fault: string;
  target: string;
  done: string[];
  reached: string[];
  result: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped. */
  why: string | null;
  ms: number;
}

/** What the rows have left in `folder`, by number. */
export function readResults(folder: string): RowResult[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as RowResult)
    .sort((a, b) => a.row - b.row);
}

/** The document, in Markdown. */
export function document(results: readonly RowResult[]): string {
  const count = (outcome: RowResult['result']) => results.filter(({ result }) => result === outcome).length;
  const allowance =
    ALLOWANCE === 1
      ? ''
      : ` The machine was busy with other work: times were allowed to be ${ALLOWANCE} times their targets.`;
  return `# The matrix of faults: what a run reached

Written by \`npm run test:chaos:document\`; not to be edited. Seed ${SEED}, commit ${COMMIT}, Node ${process.versions.node},
${availableParallelism()} cores, ${FULL ? 'full counts' : 'default counts (`SIMCITY_CHAOS_FULL=1` for the full ones)'}.${allowance}
${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped.

After each row: every subscriber saw each event once, in order (I1); what was acknowledged is stored, byte for byte (I2); a
run has one terminal state (I3); no process is left (I4). Where a row says so: memory and sockets are back at their baseline (I5).

| # | fault | what was done | reached | target | result |
| --- | --- | --- | --- | --- | --- |
${results.map(line).join('\n')}
`;
}

function line({ row, fault, done, reached, target, result, why, ms }: RowResult): string {
  const outcome = why === null ? `${result} in ${Math.round(ms / 1_000)} s` : `**${result}**: ${why}`;
  return `| ${[row, fault, done.join('; '), reached.join('; '), target, outcome].map(cell).join(' | ')} |`;
}

function cell(value: string | number): string {
  return String(value).split('\n')[0]!.replaceAll('|', '\\|').slice(0, 600);
}
