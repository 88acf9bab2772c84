import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Shrunk, shrink } from '../../runner/shrink/shrink.ts';
import { formatSignature, signatureOf } from '../../runner/shrink/signature.ts';
import { composeSmallest } from '../../runner/shrink/smallest.ts';
import {
  type EndReport,
  type Forensic,
  formatReduction,
  parseReduction,
  type RunConfig,
  runConfigSchema,
  smallestSchema,
} from '../../server/contract/index.ts';
import { executed, neverStopped } from '../helpers/execute.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';

interface Found {
  target: string;
  targetUrl: string | null;
  seed: number;
  config: RunConfig;
  forensic: Forensic;
}

/** The first seed that finds the bug. */
async function firstFailure(bug: string, target: string, targetUrl: string | null): Promise<Found> {
  for (let seed = 1; seed <= 100; seed++) {
    const { end } = await executed({ target, seed, config: { bug } }, targetUrl);
    const config = runConfigSchema.parse({ bug });
    if (end.failForensic) return { target, targetUrl, seed, config, forensic: end.failForensic };
  }
  throw new Error(`no seed up to 100 finds ${bug}`);
}

async function shrunk({ target, targetUrl, seed, config }: Found, maxExecutions = 10_000): Promise<Shrunk> {
  const result = await shrink(
    { scenario: 'bookings', target, targetUrl, seed, config },
    { maxExecutions, maxSeconds: 300, confirmations: 20, signal: neverStopped, onProgress: () => {} },
  );
  if (typeof result === 'string') throw new Error(result);
  return result;
}

const signature = (end: EndReport) =>
  end.failForensic ? formatSignature(signatureOf(end.failForensic)) : end.status;

/** Executes the reproduction as a user would: from the text of the reduction, with nothing else kept. */
async function reproduce({ target, targetUrl, seed }: Found, config: RunConfig, operations?: number[]) {
  if (!config.reduction) throw new Error('the result has no reduction');
  const reduction = parseReduction(formatReduction(config.reduction));
  const part = { ...config, reduction: { ...reduction, operations: operations ?? reduction.operations } };
  return signature((await executed({ target, seed, config: part }, targetUrl)).end);
}

async function expectGoodReproduction(found: Found, result: Shrunk): Promise<void> {
  const smallest = composeSmallest({ scenario: 'bookings', ...found }, result);
  const failure = formatSignature(signatureOf(found.forensic));
  const { config, story, reproduce: command } = smallestSchema.parse(JSON.parse(JSON.stringify(smallest)));
  const operations = config.reduction?.operations ?? [];
  expect(operations.length).toBeLessThanOrEqual(6);
  expect(smallest).toMatchObject({ minimal: true, reproduced: { times: 20, of: 20 }, seed: found.seed });
  expect(command).toContain(`--seed ${found.seed}`);
  expect(command).toContain(`ops=`);
  expect(story.at(-1)?.what).toBe(`breaks ${found.forensic.invariant}`);
  for (let i = 0; i < 20; i++) expect(await reproduce(found, config)).toBe(failure);
  for (const gone of operations) {
    const others = operations.filter((n) => n !== gone);
    expect(await reproduce(found, config, others), `without ${gone}`).not.toBe(failure);
  }
}

describe('shrinking on memory', () => {
  it.each(['check-then-insert', 'no-idempotency'])('%s comes down to a few operations', async (bug) => {
    const found = await firstFailure(bug, 'memory', null);
    await expectGoodReproduction(found, await shrunk(found));
  });

  it('gives the same result every time', async () => {
    const found = await firstFailure('check-then-insert', 'memory', null);
    const [a, b] = [await shrunk(found), await shrunk(found)];
    expect(a.trial.candidate).toEqual(b.trial.candidate);
  });

  it('makes a reduced run smaller, and leaves a smallest one as it is', async () => {
    const found = await firstFailure('check-then-insert', 'memory', null);
    const { trial } = await shrunk(found);
    const config = composeSmallest({ scenario: 'bookings', ...found }, await shrunk(found)).config;
    const again = await shrunk({ ...found, config });
    expect(again.trial.candidate.operations).toEqual(trial.candidate.operations);
  });

  it('ends with what it has when its budget is spent, and says that there may be less', async () => {
    const found = await firstFailure('check-then-insert', 'memory', null);
    const result = await shrunk(found, 10);
    expect(result.executions).toBeLessThan(10 + result.trial.candidate.operations.length + 21);
    expect(result.trial.fails).toBe('same');
    expect(result.minimal).toBe(false);
  });

  it('says why there is nothing to shrink', async () => {
    const run = { scenario: 'bookings', target: 'memory', targetUrl: null, seed: 3 };
    const options = { maxExecutions: 10, maxSeconds: 10, confirmations: 1, onProgress: () => {} };
    const config = runConfigSchema.parse({ operations: 50 });
    expect(await shrink({ ...run, config }, { ...options, signal: neverStopped })).toMatch(/does not fail/);
    const crossed = { ...config, thresholds: ['ok<5'] };
    expect(await shrink({ ...run, config: crossed }, { ...options, signal: neverStopped })).toMatch(
      /threshold/,
    );
  });
});

describe('shrinking on postgres', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres.close());

  it('a race of real transactions comes down to a few operations that fail 20 times of 20', async () => {
    const url = await postgres.createDatabase({ migrated: false });
    const found = await firstFailure('check-then-insert', 'postgres', url);
    await expectGoodReproduction(found, await shrunk(found, 600));
  }, 600_000);
});
