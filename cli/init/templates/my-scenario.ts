/**
 * A scenario of your own, about something other than bookings: citizens count visitors at doors. It says what
 * citizens do, which answers are right (the model), what must always hold (the invariants), and what is shown.
 *
 *   simcity run --scenario ./my-scenario.ts                     # on PostgreSQL
 *   simcity run --scenario ./my-scenario.ts --target memory     # in memory, the fastest
 *   simcity run --scenario ./my-scenario.ts --bug lost-update   # with the known bug below
 *
 * A service of yours over HTTP: give the scenario an `http`, which is an adapter as in my-adapter.ts (or name a file
 * with --adapter), and its URL: simcity run --scenario ./my-scenario.ts --target http://127.0.0.1:8080
 */
import type {
  Call,
  MemoryService,
  Operation,
  Reply,
  Scenario,
  SequentialModel,
  SqlService,
  Workload,
} from 'simcity/scenario';

/** A visitor comes in; `key` makes a repeat after a lost answer count once. Or somebody reads the door's count. */
interface DoorCall extends Call {
  readonly operation: 'enter' | 'read';
  readonly door: string;
  readonly key?: string;
}

/** One door as it is known: its count, and the keys that were counted and may be repeated yet. */
interface DoorState {
  readonly count: number;
  readonly keys: readonly string[];
}

interface DoorAnswer {
  readonly count?: number;
}

/** What is right, for one door, one call after the other. States are never changed, only replaced. */
const model: SequentialModel<DoorState, DoorCall, DoorAnswer> = {
  initial: () => ({ count: 0, keys: [] }),
  // The state after the call, or null when the model does not allow this answer in this state.
  apply: (state, call, answer) =>
    call.operation === 'enter' ? entered(state, call) : answer.count === state.count ? state : null,
  // What a call without an answer may have done.
  effects(state, call) {
    const after = call.operation === 'enter' ? entered(state, call) : state;
    return after === state ? [] : [{ state: after, outcome: 'entered' }];
  },
  // Whether a call that was taken to have happened may be answered so.
  confirm: (state) => state,
  key: ({ count, keys }) => `${count} ${keys.join(' ')}`,
  describe: (state, call) => [call.operation === 'enter' ? 'ok' : `a count of ${state.count}`],
  observes: (call) => call.operation === 'read',
  // Nobody repeats this call any more: what was remembered for its sake may go.
  forget: (state, what) => ({ ...state, keys: state.keys.filter((key) => key !== (what as DoorCall).key) }),
};

function entered(state: DoorState, { key = '' }: DoorCall): DoorState {
  if (state.keys.includes(key)) return state;
  return { count: state.count + 1, keys: [...state.keys, key].sort() };
}

function workload(doors: readonly string[]): Workload<DoorCall> {
  /** The highest count that was ever shown, by door. */
  const shown = new Map<string, number>();
  let entries = 0;
  let reads = 0;
  return {
    world: { doors },
    objects: doors,
    model: model as unknown as Workload['model'],
    // Everything is drawn from `prng`, so that one seed is one history.
    plan(n, prng, focus) {
      const actor = `citizen-${prng.below(9) + 1}`;
      const door = focus ?? prng.pick(doors);
      const enters = prng.chance(0.7);
      return {
        actor,
        call: enters ? { operation: 'enter', door, key: `k-${n}` } : { operation: 'read', door },
      };
    },
    repeats: (call) => call.operation === 'enter',
    objectOf: (call) => call.door,
    parts: (call) => [{ object: call.door, call }],
    answers: (_call, _parts, reply) => (reply.outcome === 'ok' ? [reply.value] : [{}]),
    invoked() {},
    unanswered() {},
    // An invariant beside the model: it fails the run with a name and a sentence of its own.
    completed({ call }: Operation<DoorCall>, reply: Reply) {
      if (reply.outcome !== 'ok') return null;
      if (call.operation === 'enter') entries++;
      else reads++;
      const count = Number(reply.value['count'] ?? 0);
      shown.set(call.door, Math.max(count, shown.get(call.door) ?? 0));
      if (call.operation === 'enter' || count >= 0) return null;
      return {
        invariant: 'counts-are-not-negative',
        message: `${call.door} shows ${count} visitors.`,
        actual: count,
        expected: 'at least 0',
        object: call.door,
      };
    },
    forgettable: (call) => call.operation === 'enter',
    // The whole target at rest, held against the model.
    audit: (dump) => ({
      violation: null,
      reads: (dump as { id: string; count: number }[]).map(({ id, count }) => ({
        object: id,
        call: { operation: 'read', door: id },
        answer: { count },
      })),
    }),
    show: (object, state) => ({ id: object, count: (state as DoorState).count }),
    metrics: () => ({ entries, reads, busiest_door: Math.max(0, ...shown.values()) }),
    sometimes: () => ({
      'a door had ten visitors': [...shown.values()].filter((count) => count >= 10).length,
    }),
  };
}

/** The reference service over PostgreSQL. `lost-update` reads the count and writes it back, in two steps. */
function sqlService(bug: string | null): SqlService {
  return {
    schema: `
      create table doors (id text primary key, count int not null default 0);
      create table entries (door text not null, key text not null, primary key (door, key));`,
    async prepare(sql, world) {
      for (const id of world['doors'] as string[]) await sql`insert into doors (id) values (${id})`;
    },
    async handle(sql, call) {
      const { operation, door, key = '' } = call as DoorCall;
      if (operation === 'read') {
        const [row] = await sql<{ count: number }>`select count from doors where id = ${door}`;
        return { outcome: 'ok', value: { count: row?.count } };
      }
      for (let attempt = 1; ; attempt++) {
        try {
          return await sql.begin(async (tx): Promise<Reply> => {
            const made = await tx`
              insert into entries (door, key) values (${door}, ${key}) on conflict do nothing returning key`;
            if (made.length === 0) return { outcome: 'ok', value: {} };
            if (bug === 'lost-update') {
              const [row] = await tx<{ count: number }>`select count from doors where id = ${door}`;
              await tx`update doors set count = ${(row?.count ?? 0) + 1} where id = ${door}`;
            } else {
              await tx`update doors set count = count + 1 where id = ${door}`;
            }
            return { outcome: 'ok', value: {} };
          });
        } catch (error) {
          const { code } = error as { code?: string };
          if ((code !== '40001' && code !== '40P01') || attempt === 8) throw error;
        }
      }
    },
    inspect: (sql) => sql`select id, count from doors order by id`,
  };
}

/** The same in memory: `yield` is a point at which another request may run. */
function memoryService(bug: string | null): MemoryService {
  const counts = new Map<string, number>();
  const keys = new Set<string>();
  return {
    prepare(world) {
      for (const door of world['doors'] as string[]) counts.set(door, 0);
    },
    *handle(call) {
      const { operation, door, key = '' } = call as DoorCall;
      yield;
      const before = counts.get(door) ?? 0;
      if (operation === 'read') return { outcome: 'ok', value: { count: before } };
      if (keys.has(`${door} ${key}`)) return { outcome: 'ok', value: {} };
      keys.add(`${door} ${key}`);
      if (bug === 'lost-update') yield;
      counts.set(door, before + 1);
      return { outcome: 'ok', value: {} };
    },
    inspect: () => [...counts].map(([id, count]) => ({ id, count })),
  };
}

const scenario: Scenario<DoorCall> = {
  name: 'doors',
  operations: ['enter', 'read'],
  objectNoun: 'door',
  bugs: ['lost-update'],
  charts: [
    { title: 'visitors', metric: 'entries' },
    { title: 'busiest door', metric: 'busiest_door' },
  ],
  sqlService,
  memoryService,
  workload: (_seed, config) => workload(Array.from({ length: config.slots }, (_, i) => `door-${i + 1}`)),
};

export default scenario;
