/** The simulated city asks a service as its API and its rules allow; with a service in memory, which takes every call. */
import { describe, expect, it } from 'vitest';
import { askingService } from '../../runner/harness/asking.ts';
import { ExecutionWatch } from '../../runner/harness/execution-watch.ts';
import { toldRulesOf } from '../../runner/harness/live/run-rules.ts';
import { executeOn } from '../../runner/harness/simulated.ts';
import { bookings } from '../../runner/scenarios/bookings/index.ts';
import { liveBookings } from '../../runner/scenarios/bookings/live/index.ts';
import { beginWorkload, findScenario } from '../../runner/scenarios/registry.ts';
import type { Call } from '../../runner/service/call.ts';
import { CityClock } from '../../runner/sim/clock.ts';
import { MemoryTarget } from '../../runner/targets/memory.ts';
import type { Task, TaskFaults } from '../../runner/targets/target.ts';
import { MemorySink } from '../../runner/telemetry/memory.ts';
import {
  CONTRACT_RULES,
  type DeclaredRules,
  runConfigSchema,
  withDeclared,
} from '../../server/contract/index.ts';
import { historyHash, neverStopped } from '../helpers/execute.ts';

interface Asked {
  declared?: DeclaredRules;
  missing?: readonly string[];
  seed?: number;
  config?: Record<string, unknown>;
  endsAfter?: number;
}

/** Notes what it is asked, and by which faults it is to be struck. */
class NotedTarget extends MemoryTarget {
  readonly calls: Call[] = [];
  readonly faults: TaskFaults[] = [];
  refused = 0;

  override start(call: Call, faults?: TaskFaults) {
    this.calls.push(call);
    if (faults) this.faults.push(faults);
    return super.start(call);
  }

  /** Its process ends when it has been asked so often. */
  endsAfter = Number.POSITIVE_INFINITY;
  crashes = 0;

  hasEnded(): boolean {
    return this.calls.length >= this.endsAfter;
  }

  override crash(inside: readonly Task[]): void {
    this.crashes++;
    this.endsAfter = Number.POSITIVE_INFINITY;
    super.crash(inside);
  }

  refuseConnections(refuses: boolean): void {
    if (refuses) this.refused++;
  }
}

async function asked({ declared = {}, missing = [], seed = 3, config: given = {}, ...more }: Asked) {
  const rules = withDeclared(CONTRACT_RULES, declared);
  const config = runConfigSchema.parse({ operations: 400, ...given });
  const scenario = findScenario('bookings');
  const workload = beginWorkload(scenario, seed, config, rules);
  const clock = new CityClock();
  const target = new NotedTarget(bookings.memoryService?.(null) as never, clock);
  if (more.endsAfter) target.endsAfter = more.endsAfter;
  const offers = (operation: string) => !missing.includes(operation);
  const about = { seed, config, rules, workload, offers, isContract: false, burstRate: 0, kills: true };
  const plan = liveBookings.plan({ ...about, isGivenUp: () => false } as never);
  const sink = new MemorySink();
  const service = {
    asking: askingService({ workload, rules, offers, plan: plan as never }),
    rules,
    told: toldRulesOf({ rules, sources: {} }, {}, {}),
    operations: scenario.operations.filter(offers),
    rest: () => Promise.resolve(),
    begun: () => undefined,
    proof: () => Promise.resolve(null),
    notTested: () => [...missing],
  };
  const watch = new ExecutionWatch(null);
  const run = { scenario: 'bookings', target: 'memory', seed, config, targetUrl: null, sink };
  const execution = { scenario, workload, target, clock, watch, service, record: null };
  const end = await watch.over(target, () => executeOn(execution, { ...run, signal: neverStopped }));
  return { end, events: sink.events, target };
}

describe('a city that asks a service behind an API', () => {
  it('asks nothing that the API has no request for, and says so', async () => {
    const missing = ['list', 'open', 'close'];
    const { end, events, target } = await asked({ missing });
    expect(end.failForensic).toBeNull();
    const kinds = new Set(target.calls.map(({ operation }) => operation));
    expect([...kinds].toSorted()).toEqual(['book', 'cancel', 'read']);
    expect(events.at(-1)?.data['notTested']).toEqual(expect.arrayContaining(missing));
    expect(target.calls.length).toBeGreaterThan(400);
  });

  it('asks as a citizen, whoever that is', async () => {
    const { target } = await asked({});
    for (const call of target.calls)
      expect(call['citizen'], JSON.stringify(call)).toMatch(/^(citizen-\d+|manager)$/);
  });

  it('is one history for one seed', async () => {
    const [one, other] = [await asked({ missing: ['list'] }), await asked({ missing: ['list'] })];
    expect(historyHash(other.events)).toBe(historyHash(one.events));
  });

  it('gives no key twice where keys are not honoured, and the right service passes', async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const { end, events, target } = await asked({
        declared: { keys: false },
        seed,
        config: { faults: 'brutal' },
      });
      expect(end.failForensic?.message).toBeUndefined();
      const keys = target.calls.filter(({ operation }) => operation === 'book').map((call) => call['key']);
      expect(new Set(keys).size).toBe(keys.length);
      const doubles = events.filter(({ type, data }) => type === 'book.invoke' && 'duplicateOf' in data);
      expect(doubles.length).toBeGreaterThan(5);
      expect(events.some(({ type, data }) => type === 'book.invoke' && 'retryOf' in data)).toBe(false);
    }
  });

  it('finds a second booking behind one key only where keys are honoured', async () => {
    const { events } = await asked({ declared: { keys: true }, config: { faults: 'brutal' } });
    expect(events.some(({ type, data }) => type === 'book.invoke' && 'retryOf' in data)).toBe(true);
  });
});

describe('faults on the wire', () => {
  const gate = { gate: 'restart' as const };

  it('strike behind a gate, each of them, and move no other fault', async () => {
    const config = { ...gate, faults: 'brutal', operations: 1_500 };
    const { target, events } = await asked({ config });
    const struck = new Set(target.faults.map(({ wire }) => wire?.name).filter(Boolean));
    expect([...struck].toSorted()).toEqual([
      'backend-kill',
      'deadlock',
      'lost-commit',
      'serialization-failure',
      'slow-statement',
    ]);
    expect(target.faults.every(({ serializationFailure }) => !serializationFailure)).toBe(true);
    expect(target.refused).toBeGreaterThan(0);
    const names = events.filter(({ type }) => type === 'fault').map(({ data }) => data['name']);
    expect(names).toContain('connection-refused');
    expect(names).not.toContain('clock-skew');
    const none = await asked({ config: { ...config, faultRates: wireless } });
    expect(none.target.faults.every(({ wire }) => wire === null)).toBe(true);
  });

  it('can each be muted', async () => {
    const config = { ...gate, faults: 'none', faultRates: { 'backend-kill': 1, 'connection-refused': 1 } };
    const reduction = {
      operations: [0, 1, 2],
      muted: ['1.0.backend-kill', '0.0.connection-refused', '2.0.connection-refused'],
      schedule: null,
      variant: 0,
    };
    const { target } = await asked({ config: { ...config, operations: 3, reduction } });
    expect(target.faults.map(({ wire }) => wire?.name ?? null).toSorted()).toEqual([
      'backend-kill',
      'backend-kill',
      null,
    ]);
    expect(target.refused).toBe(1);
  });

  it('do not strike without one', async () => {
    const { target } = await asked({ config: { faults: 'brutal' } });
    expect(target.faults.every(({ wire }) => wire === null)).toBe(true);
    expect(target.refused).toBe(0);
  });
});

describe('a service that ends by itself', () => {
  it('is a finding where nothing that the run did explains it', async () => {
    const { end } = await asked({ endsAfter: 40, config: { faults: 'none' } });
    expect(end.failForensic).toMatchObject({ kind: 'liveness', invariant: 'service-stays-up' });
  });

  it('is started again after a fault on the wire, and its requests are lost', async () => {
    const config = { gate: 'restart', faults: 'none', faultRates: { 'connection-refused': 0.2 } };
    const { end, events, target } = await asked({ endsAfter: 40, config });
    expect(end.failForensic?.message).toBeUndefined();
    expect(target.crashes).toBe(1);
    const ended = events.find(({ data }) => data['what'] === 'the service ended by itself');
    expect(ended?.data['after']).toBe('connection-refused');
  });
});

const wireless = {
  'backend-kill': 0,
  'lost-commit': 0,
  deadlock: 0,
  'slow-statement': 0,
  'connection-refused': 0,
  'serialization-failure': 0,
};
