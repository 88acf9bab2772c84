/** Finds a failure, shrinks it, and holds the reproduction against what is promised of one. */
import { expect } from 'vitest';
import { type Shrunk, shrink } from '../../runner/shrink/shrink.ts';
import { composeSmallest } from '../../runner/shrink/smallest.ts';
import {
  type EndReport,
  type Forensic,
  formatReduction,
  formatSignature,
  parseReduction,
  type RunConfig,
  runConfigSchema,
  signatureOf,
  smallestSchema,
} from '../../server/contract/index.ts';
import { executed, neverStopped } from './execute.ts';

export interface Found {
  scenario: string;
  target: string;
  targetUrl: string | null;
  seed: number;
  config: RunConfig;
  forensic: Forensic;
}

/** The first seed that finds the bug, of those beginning with `from`. */
export async function firstFailure(
  bug: string,
  target: string,
  targetUrl: string | null,
  scenario = 'bookings',
  from = 1,
): Promise<Found> {
  for (let seed = from; seed <= 100; seed++) {
    const { end } = await executed({ scenario, target, seed, config: { bug } }, targetUrl);
    const config = runConfigSchema.parse({ bug });
    if (end.failForensic) return { scenario, target, targetUrl, seed, config, forensic: end.failForensic };
  }
  throw new Error(`no seed up to 100 finds ${bug}`);
}

export async function shrunk(
  { scenario, target, targetUrl, seed, config }: Found,
  maxExecutions = 10_000,
): Promise<Shrunk> {
  const result = await shrink(
    { scenario, target, targetUrl, seed, config },
    { maxExecutions, maxSeconds: 300, confirmations: 20, signal: neverStopped, onProgress: () => {} },
  );
  if (typeof result === 'string') throw new Error(result);
  return result;
}

export const signature = (end: EndReport) =>
  end.failForensic ? formatSignature(signatureOf(end.failForensic)) : end.status;

/** Executes the reproduction as a user would: from the text of the reduction, with nothing else kept. */
export async function reproduce(
  { scenario, target, targetUrl, seed }: Found,
  config: RunConfig,
  operations?: number[],
) {
  if (!config.reduction) throw new Error('the result has no reduction');
  const reduction = parseReduction(formatReduction(config.reduction));
  const part = { ...config, reduction: { ...reduction, operations: operations ?? reduction.operations } };
  return signature((await executed({ scenario, target, seed, config: part }, targetUrl)).end);
}

/** `most`: what the reproduction may be at its worst. */
export async function expectGoodReproduction(
  found: Found,
  result: Shrunk,
  most = { operations: 6, minimal: true },
): Promise<void> {
  const smallest = composeSmallest(found, result);
  const failure = formatSignature(signatureOf(found.forensic));
  const { config, story, reproduce: command } = smallestSchema.parse(JSON.parse(JSON.stringify(smallest)));
  const operations = config.reduction?.operations ?? [];
  expect(operations.length).toBeLessThanOrEqual(most.operations);
  expect(smallest).toMatchObject({
    minimal: most.minimal,
    reproduced: { times: 20, of: 20 },
    seed: found.seed,
  });
  expect(command).toContain(`--seed ${found.seed}`);
  expect(command).toContain(`ops=`);
  expect(story.at(-1)?.what).toBe(`breaks ${found.forensic.invariant}`);
  for (let i = 0; i < 20; i++) expect(await reproduce(found, config)).toBe(failure);
  for (const gone of most.minimal ? operations : []) {
    const others = operations.filter((n) => n !== gone);
    expect(await reproduce(found, config, others), `without ${gone}`).not.toBe(failure);
  }
}

/** What needs no further seed, in operations, and how many failing seeds are made small until one comes down to it. */
export const SMALL = 6;
export const SHRUNK_AT_MOST = 3;

/** What is made of failing seeds, the first one first, until one of it is small: none where none fails. */
export async function madeOfFew<Made>(
  failingFrom: (seed: number) => Promise<number | null>,
  make: (seed: number) => Promise<Made>,
  sizeOf: (made: Made) => number,
): Promise<Made[]> {
  const all: Made[] = [];
  let seed = await failingFrom(1);
  while (seed !== null) {
    const made = await make(seed);
    all.push(made);
    if (sizeOf(made) <= SMALL || all.length === SHRUNK_AT_MOST) break;
    seed = await failingFrom(seed + 1);
  }
  return all;
}
