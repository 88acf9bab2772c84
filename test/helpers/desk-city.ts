/** A city with one desk, whose holds run out: what the engine needs to attack it in memory. */

import { ExecutionWatch } from '../../runner/harness/execution-watch.ts';
import { executeOn } from '../../runner/harness/simulated.ts';
import { emptyTrace, type Trace } from '../../runner/harness/trace.ts';
import type { Scenario, Workload } from '../../runner/scenarios/scenario.ts';
import type { Call, Reply } from '../../runner/service/call.ts';
import type { MemoryService } from '../../runner/service/memory-service.ts';
import type { ServiceClock } from '../../runner/service/sql-service.ts';
import { CityClock } from '../../runner/sim/clock.ts';
import { MemoryTarget } from '../../runner/targets/memory.ts';
import { MemorySink } from '../../runner/telemetry/memory.ts';
import {
  type EndReport,
  type Reduction,
  type RunEvent,
  runConfigSchema,
} from '../../server/contract/index.ts';
import { type Desk, type DeskCall, type DeskShape, deskModel, EMPTY, turnsOf, waysOf } from './desk.ts';
import { neverStopped } from './execute.ts';

const SHAPE: DeskShape = { places: 2, tolerance: 500, isActive: true };
const MINUTE_MS = 60_000;
const START_MS = new CityClock().databaseMs();
const CITIZENS = ['a', 'b', 'c', 'd'];

interface DeskRequest extends Call {
  readonly desk: DeskCall;
}

/** A desk that ends holds when their time has come by this clock; by none: never. */
export function deskService(timeOf: (clock: ServiceClock) => number): MemoryService {
  let desk: Desk = EMPTY;
  const turn = (now: number) => {
    const running = (list: Desk['held']) => list.filter(({ until }) => until > now);
    desk = { ...desk, held: running(desk.held), waiting: running(desk.waiting) };
    while (desk.waiting.length > 0 && desk.held.length + desk.sold.length < SHAPE.places) {
      // The last of its turns is the offer to the first who waits.
      desk = turnsOf(SHAPE, desk).at(-1)?.desk ?? desk;
    }
  };
  return {
    prepare() {
      desk = EMPTY;
    },
    *handle(call, clock): ReturnType<MemoryService['handle']> {
      yield;
      const now = timeOf(clock);
      turn(now);
      const { desk: asked } = call as DeskRequest;
      const ways = waysOf(SHAPE, desk, asked);
      const isLate = asked.kind === 'hold' && ways.length > 1 && asked.until <= now;
      const [way] = isLate ? ways.slice(1) : ways;
      if (!way) throw new Error('A desk has an answer to everything.');
      desk = way.desk;
      yield;
      const { answer } = way;
      if (answer.outcome === 'refused') return { outcome: 'refused', reason: 'gone' };
      return { outcome: 'ok', value: answer.shown === undefined ? {} : { shown: answer.shown } };
    },
    inspect: () => null,
  };
}

function deskWorkload(): Workload {
  const deadlines = new Map<string, number>();
  const asked = (call: Call) => (call as DeskRequest).desk;
  return {
    world: {},
    objects: ['desk'],
    model: deskModel(SHAPE, true) as never,
    plan(n, prng) {
      const kind = prng.pick(['hold', 'hold', 'pay', 'join', 'leave', 'look'] as const);
      const who = prng.pick(CITIZENS);
      const until = START_MS + (1 + Math.floor(n / 4)) * MINUTE_MS;
      const desk: DeskCall =
        kind === 'look'
          ? { kind }
          : kind === 'hold' || kind === 'join'
            ? { kind, who, until }
            : { kind, who };
      return { actor: who, call: { operation: kind, desk } satisfies DeskRequest };
    },
    isDelivery: ({ operation }) => operation === 'pay',
    deadlines: () => deadlines,
    repeats: ({ operation }) => operation === 'hold',
    objectOf: () => 'desk',
    parts: (call) => [{ object: 'desk', call: asked(call) }],
    answers: (_call, _parts, reply: Reply) => [
      reply.outcome === 'ok' ? { outcome: 'ok', ...reply.value } : { outcome: 'refused' },
    ],
    invoked() {},
    completed({ call }, reply) {
      const desk = asked(call);
      if (reply.outcome === 'ok' && desk.kind === 'hold') deadlines.set(String(desk.until), desk.until);
      return null;
    },
    unanswered() {},
    forgettable: () => false,
    audit: () => ({ violation: null, reads: [] }),
    show: (_object, state) => state,
    metrics: () => ({}),
    sometimes: () => ({}),
  };
}

export interface DeskRun {
  readonly events: readonly RunEvent[];
  readonly end: EndReport;
  readonly trace: Trace;
}

export async function attackDesk(
  seed: number,
  service: MemoryService,
  {
    faults = 'none',
    reduction = null,
  }: { faults?: 'none' | 'rough' | 'brutal'; reduction?: Reduction | null } = {},
): Promise<DeskRun> {
  const clock = new CityClock();
  const sink = new MemorySink();
  const trace = emptyTrace();
  const scenario: Scenario = {
    name: 'desk',
    operations: ['hold', 'pay', 'join', 'leave', 'look'],
    workload: deskWorkload,
  };
  const config = runConfigSchema.parse({ operations: 120, concurrency: 4, faults, reduction });
  const execution = {
    ...{ scenario, workload: deskWorkload(), target: new MemoryTarget(service, clock), clock },
    ...{ watch: new ExecutionWatch(null), service: null, record: null },
  };
  const end = await executeOn(execution, {
    ...{
      scenario: 'desk',
      target: 'memory',
      seed,
      config,
      targetUrl: null,
      sink,
      signal: neverStopped,
      trace,
    },
  });
  return { events: sink.events, end, trace };
}
