/**
 * The checker's cost of an operation of `stays` and of `tickets` beside one of `bookings`, and as a run grows: what it was told
 * in whole runs on `memory` is told to a new one again, so that the services and the citizens are not measured.
 */
import { HistoryChecker } from '../../runner/checkers/history-checker.ts';
import { beginWorkload, findScenario } from '../../runner/scenarios/registry.ts';
import { CityClock } from '../../runner/sim/clock.ts';
import { runConfigSchema } from '../../server/contract/index.ts';
import { executed } from '../helpers/execute.ts';
import { interleaved, report } from './measure.ts';

const TOLD = ['invoke', 'complete', 'unknown', 'expire', 'forget', 'settle'] as const;
const OPERATIONS = Number(process.env['SIMCITY_BENCH_OPERATIONS'] ?? 300);
const SEEDS = 6;
const print = (text: string) => process.stdout.write(`${text}\n`);

/** With the time at which it was told, in ms since 1970. */
type Told = readonly [name: (typeof TOLD)[number], told: readonly unknown[], atMs: number];
type Method = (...told: readonly unknown[]) => unknown;

/** A checker's work in one whole run. */
interface Work {
  readonly told: readonly Told[];
  readonly began: () => HistoryChecker;
  readonly time: ToldTime;
}

/** The time at which things were told. */
class ToldTime {
  nowMs = 0;
  readonly #clock: CityClock;

  constructor(clock: CityClock) {
    this.#clock = clock;
  }

  databaseMs(): number {
    return this.nowMs;
  }

  readings(fromMs: number, toMs: number) {
    return this.#clock.readings(fromMs, toMs);
  }
}

export async function bench(): Promise<void> {
  for (const faults of ['none', 'calm', 'rough', 'brutal'] as const) {
    const measured = await interleaved([
      await candidate('bookings', faults, OPERATIONS),
      await candidate('stays', faults, OPERATIONS),
      await candidate('tickets', faults, OPERATIONS),
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
      for (const { began, told, time } of works) {
        const checker = began();
        for (const [name, what, atMs] of told) {
          time.nowMs = atMs;
          (checker[name] as Method)(...what);
        }
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
  const { databaseMs } = CityClock.prototype;
  let clock = new CityClock();
  CityClock.prototype.databaseMs = function record(this: CityClock) {
    clock = this;
    return databaseMs.call(this);
  };
  for (const [i, name] of TOLD.entries()) {
    methods[name] = function record(this: unknown, ...what) {
      told.push([name, what, databaseMs.call(clock)]);
      return usual[i]?.apply(this, [...what]);
    };
  }
  const config = { operations, faults };
  const { end } = await executed({ scenario, target: 'memory', seed, config });
  for (const [i, name] of TOLD.entries()) methods[name] = usual[i] as Method;
  CityClock.prototype.databaseMs = databaseMs;
  if (end.status !== 'PASS') throw new Error(`${scenario} ended ${end.status}`);
  const { model, world } = beginWorkload(findScenario(scenario), seed, runConfigSchema.parse(config));
  const time = new ToldTime(clock);
  return { told, time, began: () => new HistoryChecker(model, world, { time }) };
}
