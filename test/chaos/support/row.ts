/** A row of the matrix of faults as a test: what it did, what it reached, and what must hold after it. */
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { processesOf, signal } from './processes.ts';
import type { RowResult } from './results.ts';
import { ALLOWANCE, COMMIT, SEED } from './seed.ts';
import { SUITE_VARIABLE } from './suite.ts';
import { until } from './until.ts';

export interface Matter {
  /** Number in the matrix. */
  row: number;
  /** The fault, in words. */
  fault: string;
  /** What must be reached, in words. */
  target: string;
  /** Why it cannot be done here; null when it can. */
  cannot?: () => string | null;
  timeoutMs?: number;
  /** It mostly waits, and may do so beside the other rows of its file. */
  concurrent?: boolean;
}

/** Where a row tells what it does, and by which it cleans up. */
export class Row {
  readonly number: number;
  /** In the environment of every process of the row. */
  readonly tag = `${process.env[SUITE_VARIABLE] ?? ''}.${randomUUID()}`;
  readonly done: string[] = [];
  readonly reached: string[] = [];
  readonly #cleanUps: (() => unknown)[] = [];

  constructor(number: number) {
    this.number = number;
  }

  /** Says what is done. */
  say(text: string): void {
    this.done.push(text);
  }

  /** Says what was reached. */
  reach(text: string): void {
    this.reached.push(text);
  }

  /** A time that has a target. */
  time(what: string, ms: number, targetMs: number): void {
    this.reach(`${what} ${seconds(ms)} (≤ ${seconds(targetMs)})`);
    expect(ms, `${what}, in ms`).toBeLessThanOrEqual(targetMs * ALLOWANCE);
  }

  /** An amount that has a target. */
  amount(what: string, value: number, most: number, unit: string): void {
    this.reach(`${what} ${Math.round(value * 10) / 10} ${unit} (≤ ${most} ${unit})`);
    expect(value, `${what}, in ${unit}`).toBeLessThanOrEqual(most);
  }

  /** Done at the end, the last first, whatever happened. */
  defer(cleanUp: () => unknown): void {
    this.#cleanUps.push(cleanUp);
  }

  async cleanUp(): Promise<void> {
    for (let next = this.#cleanUps.pop(); next; next = this.#cleanUps.pop()) await next();
  }
}

/** Of a row, or of what else starts processes: what is started by it is ended with it. */
export type Starter = Pick<Row, 'tag' | 'defer'>;

/** Registers the row. Whatever its work does, no process of it may be left after the cleaning up (I4). */
export function row(matter: Matter, work: (row: Row) => Promise<void>): void {
  const { row: number, fault, target, cannot, timeoutMs = 180_000 } = matter;
  const register = matter.concurrent ? it.concurrent : it;
  register(
    `${number}. ${fault}: ${target}`,
    { timeout: timeoutMs * Math.max(1, ALLOWANCE) },
    async (context) => {
      const self = new Row(number);
      const begun = performance.now();
      const reason = cannot?.() ?? null;
      const tell = (result: RowResult['result'], why: string | null) =>
        record({ row: number, fault, target, ...self, result, why, ms: performance.now() - begun });
      if (reason !== null) {
        await tell('skipped', reason);
        process.stdout.write(`row ${number} SKIPPED: ${reason}\n`);
        context.skip(reason);
      }
      process.stdout.write(`row ${number}: seed ${SEED}, commit ${COMMIT}, allowance ${ALLOWANCE}\n`);
      try {
        try {
          await work(self);
        } finally {
          await self.cleanUp();
          await assertNothingLeft(self);
        }
        await tell('passed', null);
      } catch (error) {
        await tell('failed', error instanceof Error ? error.message : String(error));
        throw error;
      }
    },
  );
}

async function assertNothingLeft(self: Row): Promise<void> {
  try {
    await until('no process of the row is left (I4)', 10_000, () => processesOf(self.tag).length === 0);
  } catch (error) {
    const left = processesOf(self.tag);
    for (const { pid } of left) signal(pid, 'SIGKILL');
    throw new Error(`${error}: ${left.map(({ pid, command }) => `${pid} ${command}`).join('; ')}`);
  }
}

async function record(result: RowResult & Record<string, unknown>): Promise<void> {
  const { row: number, fault, target, done, reached, result: outcome, why, ms } = result;
  const folder = inject('chaosResults');
  await mkdir(folder, { recursive: true });
  const kept: RowResult = { row: number, fault, target, done, reached, result: outcome, why, ms };
  await writeFile(join(folder, `${number}.json`), JSON.stringify(kept));
}

export function seconds(ms: number): string {
  return ms < 995 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
