/**
 * The gate on the wire: the requests of one run to the same service behind the gate, and without it one at a time and
 * six at once; statements a second behind the gate; and the `postgres` target's own rate.
 */
import { execute } from '../../runner/harness/execute.ts';
import { type StagedService, stageService } from '../../runner/harness/gated/staged-service.ts';
import { plainSend } from '../../runner/harness/live/performance.ts';
import type { BookingCall } from '../../runner/scenarios/bookings/calls.ts';
import { contractApi } from '../../runner/scenarios/bookings/http.ts';
import { resolveService } from '../../runner/targets/http/address.ts';
import type { Send } from '../../runner/targets/http/api.ts';
import { CookieJars } from '../../runner/targets/http/cookies.ts';
import { Wire } from '../../runner/targets/http/wire.ts';
import { MemorySink } from '../../runner/telemetry/memory.ts';
import type { RunEvent } from '../../server/contract/index.ts';
import { configOf, secondsOf, startedDirectly, subjectOf, Template } from '../gate/support/gated-service.ts';
import { whyNot } from '../gate/support/readiness.ts';
import { GATE_SERVICES, type GateService } from '../gate/support/services.ts';
import { neverStopped } from '../helpers/execute.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { gatedStatements } from './engine.ts';
import { compared, median, report } from './measure.ts';

/** Those of the booking contract, whose requests can be sent again as they are. */
const SERVICES = ['express-pg', 'flask-sqlalchemy', 'threads-psycopg3'];
const REQUESTS = 300;
const ROUNDS = 5;
const AT_ONCE = 6;
const LIMIT_MS = 30_000;
const print = (text: string) => process.stdout.write(`${text}\n`);

export async function bench(): Promise<void> {
  const postgres = await startTestPostgres();
  try {
    for (const service of GATE_SERVICES.filter(({ name }) => SERVICES.includes(name))) {
      const why = whyNot(service);
      print(why === null ? await beside(service, postgres) : `${service.what}: skipped, ${why}`);
    }
  } finally {
    await postgres.close();
  }
  print(report('Statements on the postgres target, one at a time', await gatedStatements()));
}

interface Round {
  readonly perSecond: number;
  readonly statementsPerSecond: number;
  readonly events: readonly RunEvent[];
}

async function beside(service: GateService, postgres: TestPostgres): Promise<string> {
  const template = await Template.of(service, postgres);
  const subject = await subjectOf(null, template);
  const staged = await stageService(subject);
  const direct = await startedDirectly(service, null, await likeAClone(template, postgres));
  const names = ['ungated, one request at a time', `ungated, ${AT_ONCE} at once`, 'behind the gate'];
  const rates = names.map((): number[] => []);
  const statements: number[] = [];
  try {
    for (let round = 0; round <= ROUNDS; round++) {
      const gated = await behindTheGate(service, subject, staged, round + 1);
      const alone = await ungated(direct.url, gated.events, 1);
      const together = await ungated(direct.url, gated.events, AT_ONCE);
      if (round === 0) continue;
      for (const [i, rate] of [alone, together, gated.perSecond].entries()) rates[i]?.push(rate);
      statements.push(gated.statementsPerSecond);
    }
  } finally {
    await staged.stage.close();
    await direct.close();
  }
  return [
    report(`${service.what}: requests of one run`, compared(names, rates)),
    `  statements a second behind the gate: ${median(statements).toFixed(0)}`,
  ].join('\n');
}

/** As a clone is: its commits do not wait for the disk. */
async function likeAClone({ url }: Template, postgres: TestPostgres): Promise<string> {
  const database = await postgres.createDatabase({ migrated: false });
  const template = new URL(url).pathname.slice(1);
  const name = new URL(database).pathname.slice(1);
  await postgres.superuser.unsafe(`drop database ${name}`);
  await postgres.superuser.unsafe(`create database ${name} template ${template}`);
  await postgres.superuser.unsafe(`alter database ${name} set synchronous_commit = off`);
  return database;
}

async function behindTheGate(
  service: GateService,
  subject: Awaited<ReturnType<typeof subjectOf>>,
  staged: StagedService,
  seed: number,
): Promise<Round> {
  const sink = new MemorySink();
  const config = configOf(service, { operations: REQUESTS, concurrency: AT_ONCE });
  const end = await execute({ ...subject, seed, config, staged, sink, signal: neverStopped });
  if (end.status !== 'PASS') throw new Error(`seed ${seed} of ${service.name} ended ${end.status}`);
  const { events } = sink;
  const seconds = secondsOf(events);
  return {
    perSecond: callsOf(events).length / seconds,
    statementsPerSecond: staged.stage.gate.statementsSeen / seconds,
    events,
  };
}

interface Asked {
  readonly call: BookingCall;
  /** The booking that it was answered, by which later calls name it. */
  readonly booking: string | null;
}

/** The calls of a history as they were begun, with what they were answered. */
function callsOf(events: readonly RunEvent[]): Asked[] {
  const answered = new Map(
    events.flatMap(({ type, data }) => (type === 'book.ok' ? [[data['op'], String(data['booking'])]] : [])),
  );
  return events.flatMap(({ type, data }) => {
    const [operation, what] = type.split('.');
    if (what !== 'invoke') return [];
    const { op, ...call } = data;
    return { call: { operation, ...call } as unknown as BookingCall, booking: answered.get(op) ?? null };
  });
}

/** The same requests, as soon as a lane is free; how many a second. */
async function ungated(url: string, events: readonly RunEvent[], lanes: number): Promise<number> {
  const wire = new Wire(await resolveService(url), lanes);
  const send: Send = plainSend(wire, new CookieJars(), LIMIT_MS);
  try {
    await contractApi.reset({ slots: events[0]?.data['slots'] }, send);
    const calls = callsOf(events);
    /** By the booking's name in the history. */
    const names = new Map<string, string>();
    let next = 0;
    const lane = async () => {
      for (let at = next++; at < calls.length; at = next++) {
        const { call, booking } = calls[at] as Asked;
        const own =
          call.operation === 'cancel' ? { ...call, booking: names.get(call.booking) ?? call.booking } : call;
        const reply = await contractApi.perform(own, send);
        if (booking !== null && reply.outcome === 'ok') names.set(booking, String(reply.value['booking']));
      }
    };
    const begunMs = performance.now();
    await Promise.all(Array.from({ length: lanes }, lane));
    return calls.length / ((performance.now() - begunMs) / 1_000);
  } finally {
    wire.close();
  }
}
