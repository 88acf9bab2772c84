/** Explains the first failing seed of each known fault, and holds the answer against what is expected. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadModules } from '../../runner/modules/load-modules.ts';
import type { Subject } from '../../runner/shrink/candidate.ts';
import { shrink } from '../../runner/shrink/shrink.ts';
import { composeSmallest } from '../../runner/shrink/smallest.ts';
import { CityKeeper } from '../../runner/targets/postgres/keeper.ts';
import { explain } from '../../runner/why/explain.ts';
import {
  type Forensic,
  type RunConfig,
  runConfigSchema,
  type Signature,
  type Smallest,
  signatureOf,
  type Why,
} from '../../server/contract/index.ts';
import { executed, neverStopped } from '../helpers/execute.ts';
import { madeOfFew } from '../helpers/shrinking.ts';
import type { ExpectedWhy } from './expected-why.ts';

/** Seeds that are tried until one fails. */
const MOST_SEEDS = 60;
const OPERATIONS = 1_000;
const OPTIONS = { maxSeconds: 120, signal: neverStopped, onProgress: () => {} };

export interface Measured {
  readonly expected: ExpectedWhy;
  readonly seed: number;
  /** Null: there is no explanation; `reason` says why. */
  readonly why: Why | null;
  readonly reason: string;
  /** Texts of the statements of the pair, or of those that carry the failure. */
  readonly read: string | null;
  readonly write: string | null;
  /** `right`: kind and statements; `unknown`: it says itself that it does not know. */
  readonly verdict: 'right' | 'wrong' | 'unknown';
}

/** Which service it is. */
export type Known = Pick<ExpectedWhy, 'bug' | 'service' | 'scenario' | 'faultRates'>;

export const nameOf = ({ bug, service, scenario }: Known): string =>
  `${scenario === 'bookings' ? '' : `${scenario}: `}${bug ?? service}`;

/** Why it could not be made small. */
interface NotReproduced {
  readonly seed: number;
  readonly reason: string;
}

/** A failing seed with its smallest reproduction. */
export interface Reproduced {
  readonly seed: number;
  readonly config: RunConfig;
  readonly signature: Signature;
  readonly smallest: Smallest;
}

export async function measured(
  expected: ExpectedWhy,
  targetUrl: string,
  kept?: Reproduced | NotReproduced,
  maxSeconds: number = OPTIONS.maxSeconds,
): Promise<Measured> {
  const found = kept ?? (await reproduced(expected, targetUrl, maxSeconds));
  if ('reason' in found) return none(expected, found.seed, found.reason);
  const target = await targetOf(expected);
  const { scenario } = expected;
  const why = await explain({ scenario, target, targetUrl, ...found }, { ...OPTIONS, maxSeconds });
  return typeof why === 'string' ? none(expected, found.seed, why) : judged(expected, found.seed, why);
}

/** The first seed that fails, made small; where it does not come to little, the smallest of the first three. */
export async function reproduced(
  expected: Known,
  targetUrl: string,
  maxSeconds: number = OPTIONS.maxSeconds,
): Promise<Reproduced | NotReproduced> {
  const target = await targetOf(expected);
  const { bug = null, faultRates = {} } = expected;
  const config = runConfigSchema.parse({ bug, faultRates, operations: OPERATIONS });
  const all = await madeOfFew(
    (seed) => firstFailing(expected, target, config, targetUrl, seed),
    (seed) => madeSmall({ scenario: expected.scenario, target, seed, config, targetUrl }, maxSeconds),
    sizeOf,
  );
  const [smallest] = all.toSorted((a, b) => sizeOf(a) - sizeOf(b));
  if (!smallest) throw new Error(`No seed up to ${MOST_SEEDS} finds ${nameOf(expected)}.`);
  return smallest;
}

/** In operations; infinite where it could not be made small. */
function sizeOf(made: Reproduced | NotReproduced): number {
  return 'smallest' in made ? made.smallest.operations : Number.POSITIVE_INFINITY;
}

async function madeSmall(of: Subject, maxSeconds: number): Promise<Reproduced | NotReproduced> {
  const { seed, config } = of;
  const shrunk = await shrink(of, { ...OPTIONS, maxSeconds, maxExecutions: 1_500, confirmations: 2 });
  if (typeof shrunk === 'string') return { seed, reason: shrunk };
  // As it failed: the smallest reproduction alone does not say after which operation.
  const signature = signatureOf(shrunk.trial.forensic as Forensic);
  return { seed, config, signature, smallest: composeSmallest(of, shrunk) };
}

/** Whether what is said is what reading the service says. */
export function judged(expected: ExpectedWhy, seed: number, why: Why): Measured {
  const carrying = why.steps.filter(({ kind, mark }) => kind === 'statement' && mark !== '');
  const at = (step: number | undefined) => why.steps.find((each) => each.step === step)?.text ?? null;
  const read = at(why.pair?.read);
  const write = at(why.pair?.write);
  const says = (pattern: RegExp | null, text: string | null) =>
    pattern === null ||
    (text !== null ? pattern.test(text) : carrying.some((step) => pattern.test(step.text)));
  const isRight =
    expected.kinds.includes(why.kind) && says(expected.read, read) && says(expected.write, write);
  const verdict = why.kind === 'unknown' ? 'unknown' : isRight ? 'right' : 'wrong';
  const [shown = null] = carrying.map(({ text }) => text);
  return { expected, seed, why, reason: '', read: read ?? shown, write, verdict };
}

function none(expected: ExpectedWhy, seed: number, reason: string): Measured {
  return { expected, seed, why: null, reason, read: null, write: null, verdict: 'unknown' };
}

export async function targetOf({ service }: Pick<ExpectedWhy, 'service'>): Promise<string> {
  if (!service) return 'postgres';
  const places = [`./services/${service}.ts`, `../fixtures/sql-services/${service}.ts`];
  const file = places.map((place) => fileURLToPath(new URL(place, import.meta.url))).find(existsSync);
  if (!file)
    throw new Error(`There is no service "${service}" in test/why/services or test/fixtures/sql-services.`);
  await loadModules({ target: file, scenario: null, adapter: null });
  return `module:./${service}.ts`;
}

async function firstFailing(
  expected: Known,
  target: string,
  config: RunConfig,
  targetUrl: string,
  from: number,
): Promise<number | null> {
  const cities = new CityKeeper();
  try {
    for (let seed = from; seed <= MOST_SEEDS; seed++) {
      const { end } = await executed(
        { scenario: expected.scenario, target, seed, config },
        targetUrl,
        cities,
      );
      if (end.failForensic) return seed;
    }
  } finally {
    await cities.close();
  }
  return null;
}
