/**
 * The checker's cost of an operation of `stays` beside one of `bookings`, and as a run grows: what it was told in whole
 * runs on `memory` is told to a new one again, so that the services and the citizens are not measured.
 */
import { HistoryChecker } from '../../runner/checkers/history-checker.ts';
import { beginWorkload, findScenario } from '../../runner/scenarios/registry.ts';
import { runConfigSchema } from '../../server/contract/index.ts';
import { executed } from '../helpers/execute.ts';
import { interleaved, report } from './measure.ts';

const TOLD = ['invoke', 'complete', 'unknown', 'expire', 'forget', 'settle'] as const;
const OPERATIONS = Number(process.env['SIMCITY_BENCH_OPERATIONS'] ?? 300);
const SEEDS = 6;
const print = (text: string) => process.stdout.write(`${text}\n`);

type Told = readonly [name: (typeof TOLD)[number], told: readonly unknown[]];
type Method = (...told: readonly unknown[]) => unknown;

/** A checker's work in one whole run. */
interface Work {
  readonly told: readonly Told[];
  readonly began: () => HistoryChecker;
}

export async function bench(): Promise<void> {
  for (const faults of ['none', 'calm', 'rough', 'brutal'] as const) {
    const measured = await interleaved([
      await candidate('bookings', faults, OPERATIONS),
      await candidate('stays', faults, OPERATIONS),
    ]);
    print(report(`Operations that are checked, faults ${faults}`, measured));
  }
  const measured = await interleaved([
    await candidate('stays', 'calm', OPERATIONS),
    await candidate('stays', 'calm', OPERATIONS * 10),
  ]);
  print(report(`Of ${OPERATIONS} and of ${OPERATIONS * 10}`, measured));
}

async function candidate(scenario: string, faults: 'none' | 'calm' | 'rough' | 'brutal', operations: number) {
  const works: Work[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) works.push(await workOf(scenario, faults, operations, seed));
  return {
    name: `${scenario}, ${SEEDS} runs of ${operations} operations`,
    run() {
      for (const { began, told } of works) {
        const checker = began();
        for (const [name, what] of told) (checker[name] as Method)(...what);
      }
      return operations * SEEDS;
    },
  };
}

async function workOf(
  scenario: string,
  faults: 'none' | 'calm' | 'rough' | 'brutal',
  operations: number,
  seed: number,
): Promise<Work> {
  const told: Told[] = [];
  const methods = HistoryChecker.prototype as unknown as Record<string, Method>;
  const usual = TOLD.map((name) => methods[name] as Method);
  for (const [i, name] of TOLD.entries()) {
    methods[name] = function record(this: unknown, ...what) {
      told.push([name, what]);
      return usual[i]?.apply(this, [...what]);
    };
  }
  const config = { operations, faults };
  const { end } = await executed({ scenario, target: 'memory', seed, config });
  for (const [i, name] of TOLD.entries()) methods[name] = usual[i] as Method;
  if (end.status !== 'PASS') throw new Error(`${scenario} ended ${end.status}`);
  const { model, world } = beginWorkload(findScenario(scenario), seed, runConfigSchema.parse(config));
  return { told, began: () => new HistoryChecker(model, world) };
}
