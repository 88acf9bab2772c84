/** With --redact-values nothing of an explanation says a value of the run: not a citizen, not a key. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { shrink } from '../../runner/shrink/shrink.ts';
import { composeSmallest } from '../../runner/shrink/smallest.ts';
import { explain } from '../../runner/why/explain.ts';
import {
  type Forensic,
  runConfigSchema,
  signatureOf,
  type Why,
  whySchema,
} from '../../server/contract/index.ts';
import { executed, neverStopped } from '../helpers/execute.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';

let database: TestPostgres;
let targetUrl: string;

beforeAll(async () => {
  database = await startTestPostgres();
  targetUrl = await database.createDatabase({ migrated: false });
});
afterAll(() => database.close());

const OPTIONS = { maxSeconds: 90, signal: neverStopped, onProgress: () => {} };
const CITY = { operations: 60, slots: 2, citizens: 6, concurrency: 6, bug: 'check-then-insert' } as const;

async function explained(seed: number, redactValues: boolean): Promise<Why> {
  const config = runConfigSchema.parse({ ...CITY, redactValues });
  const of = { scenario: 'bookings', target: 'postgres', seed, config, targetUrl };
  const small = await shrink(of, { ...OPTIONS, maxExecutions: 120, confirmations: 1 });
  if (typeof small === 'string') throw new Error(small);
  const signature = signatureOf(small.trial.forensic as Forensic);
  const why = await explain({ ...of, signature, smallest: composeSmallest(of, small) }, OPTIONS);
  return whySchema.parse(why);
}

it('names no citizen and no key, and tells the same story', async () => {
  const { events } = await executed({ target: 'postgres', seed: 3, config: CITY }, targetUrl);
  const asked = events.filter(({ type }) => type === 'book.invoke');
  const keys = new Set(asked.map(({ data }) => String(data['key'])));
  const citizens = new Set(asked.map(({ actor }) => actor));
  expect(keys.size).toBeGreaterThan(1);
  const said = (why: Why) => {
    const text = JSON.stringify(why);
    return [...keys, ...citizens].filter((value) => text.includes(value));
  };

  const open = await explained(3, false);
  const redacted = await explained(3, true);
  expect(said(open).length).toBeGreaterThan(1);
  expect(said(redacted)).toEqual([]);
  expect(JSON.stringify(redacted)).not.toMatch(/citizen-\d|\bk-\d/);
  expect(redacted.steps.every(({ values }) => values === '')).toBe(true);

  const story = ({ kind, pair, steps, lanes }: Why) => ({
    ...{ kind, pair, kinds: steps.map((step) => step.kind), roles: lanes.map(({ role }) => role) },
    sql: steps.filter((step) => step.kind === 'statement').map(({ text }) => text.replace(/\d/g, '?')),
  });
  expect(story(redacted)).toEqual(story(open));
}, 240_000);
