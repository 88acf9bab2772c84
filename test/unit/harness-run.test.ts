/** The harness of a harness: orders, stops, a lost lease, and a runner that goes away. */
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HARNESS_EXIT } from '../../runner/harness/exit-codes.ts';
import { type Execute, runHarness } from '../../runner/harness/harness-run.ts';
import { NotBegunError } from '../../runner/harness/run-fault.ts';
import { StopControl } from '../../runner/harness/stop-control.ts';
import { ENGINE_GENERATION, type HarnessOrder, runConfigSchema } from '../../server/contract/index.ts';
import { event, Receiver, refusal } from './telemetry-receiver.ts';

let receiver: Receiver;
let input: PassThrough;
let stop: StopControl;
let logged: Record<string, unknown>[];

beforeEach(async () => {
  receiver = await new Receiver().listen();
  input = new PassThrough();
  stop = new StopControl();
  logged = [];
});

afterEach(() => receiver.close());

function harness(execute: Execute, said: string[] = [], told?: Promise<void>): Promise<number> {
  return runHarness({
    execute,
    input,
    stop,
    ...(told ? { told } : {}),
    say: (line) => said.push(line),
    log: (record) => logged.push(record),
    orphanGraceMs: 200,
    aliveEveryMs: 1,
  });
}

function order(generation = ENGINE_GENERATION): string {
  const order: HarnessOrder = {
    runId: 'r',
    scenario: 'bookings',
    target: 'memory',
    seed: 7,
    config: runConfigSchema.parse({}),
    generation,
    serverUrl: receiver.url,
    token: 'secret',
    repeat: null,
    targetUrl: null,
    cityName: null,
    exec: null,
    gate: null,
    targets: [],
  };
  return `${JSON.stringify(order)}\n`;
}

/** An engine that starts, runs until it is asked to stop, and ends. */
const untilStopped: Execute = async ({ sink, signal }) => {
  sink.event(event(0, { type: 'start' }));
  await sink.flush();
  await new Promise<void>((resolve) => signal.onRequest(resolve));
  sink.event(event(1));
  sink.event(event(2, { type: 'end' }));
  await sink.end({ status: 'STOPPED', reason: signal.reason, failForensic: null });
  return { status: 'STOPPED', reason: signal.reason, failForensic: null };
};

test('waits for its order for some time, and ends when nobody gives it one', async () => {
  const code = await runHarness({
    ...{ input, stop, orderWithinMs: 1, say: () => {}, log: (record) => logged.push(record) },
    execute: () => Promise.reject(new Error('it has no order')),
  });
  expect(code).toBe(HARNESS_EXIT.noOrder);
});

test('a stop that comes right behind the order is heard, and the first reason wins', async () => {
  input.write(`${order()}${JSON.stringify({ stop: { reason: 'enough' } })}\n{"stop":{"reason":"later"}}\n`);
  expect(await harness(untilStopped)).toBe(HARNESS_EXIT.delivered);
  expect(receiver.end).toMatchObject({ status: 'STOPPED', reason: 'enough' });
});

test('a stop in the answer of the server is heard too', async () => {
  receiver.stop = { reason: 'by the server' };
  input.write(order());
  expect(await harness(untilStopped)).toBe(HARNESS_EXIT.delivered);
  expect(receiver.end?.reason).toBe('by the server');
});

test('a harness whose runner goes away delivers what happened, but no verdict', async () => {
  const ended = harness(untilStopped);
  input.write(order());
  await receiver.until(() => receiver.events.length > 0);
  input.end();
  expect(await ended).toBe(HARNESS_EXIT.orphaned);
  expect(stop.requested).toBe(true);
  expect(receiver.end).toBeNull();
  expect(receiver.events.some(({ type }) => type === 'end')).toBe(false);
});

test('a harness whose engine does not stop when its runner goes away ends after the grace', async () => {
  const ended = harness(() => new Promise(() => undefined));
  input.end(order());
  expect(await ended).toBe(HARNESS_EXIT.orphaned);
});

test('a harness of another generation refuses the order, and says what to do', async () => {
  let executed = false;
  input.write(order(ENGINE_GENERATION + 1));
  const ended = harness(() => {
    executed = true;
    return new Promise(() => undefined);
  });
  expect(await ended).toBe(HARNESS_EXIT.noOrder);
  expect(executed).toBe(false);
  expect(logged).toEqual([{ message: expect.stringContaining('give both one version of SimCity') }]);
});

test('a lost lease ends the harness even if the engine hangs', async () => {
  receiver.script = () => refusal(409, 'lease_lost', 'not yours');
  input.write(order());
  const hanging: Execute = ({ sink }) => {
    sink.event(event(0));
    return new Promise(() => undefined);
  };
  expect(await harness(hanging)).toBe(HARNESS_EXIT.leaseLost);
  expect(logged.at(-1)).toMatchObject({ error: 'LeaseLostError', message: 'not yours' });
});

test('an error of the engine is logged and ends the harness', async () => {
  input.write(order());
  const failing: Execute = () => Promise.reject(new Error('no such slot'));
  expect(await harness(failing)).toBe(HARNESS_EXIT.crashed);
  expect(logged).toEqual([expect.objectContaining({ message: 'no such slot', error: 'Error' })]);
});

test('a run whose start may succeed later ends the harness as that', async () => {
  input.write(order());
  const away: Execute = () => Promise.reject(new NotBegunError('its database is away'));
  expect(await harness(away)).toBe(HARNESS_EXIT.notBegun);
  expect(logged).toEqual([expect.objectContaining({ message: 'its database is away' })]);
});

test('a harness that is told to end although nobody stopped its run ends without a verdict', async () => {
  const told = Promise.withResolvers<void>();
  const ended = harness(untilStopped, [], told.promise);
  input.write(order());
  await receiver.until(() => receiver.events.length > 0);
  told.resolve();
  expect(await ended).toBe(HARNESS_EXIT.told);
  expect(receiver.end).toBeNull();
});

test('a repetition that differs from what is stored ends the harness as that', async () => {
  receiver.script = () => refusal(409, 'not_deterministic', 'event 0 differs');
  input.write(order());
  expect(await harness(untilStopped)).toBe(HARNESS_EXIT.differs);
});

test('the first sign of life comes with the order, before anything is loaded', async () => {
  const said: string[] = [];
  input.write(order());
  const ended = harness(async ({ sink, signal }) => {
    expect(said).toEqual(['{"alive":{"taken":0,"waiting":false,"answered":false,"delivered":false}}']);
    stop.request('enough');
    return untilStopped({ sink, signal } as Parameters<Execute>[0]);
  }, said);
  expect(await ended).toBe(HARNESS_EXIT.delivered);
});

test('signs of life tell how much telemetry was produced, and that the server has taken some', async () => {
  const said: string[] = [];
  input.write(order());
  const ended = harness(untilStopped, said);
  await receiver.until(() => receiver.events.length > 0);
  while (!said.some((line) => line.includes('"taken":1,"waiting":false,"answered":true')))
    await new Promise((resolve) => setImmediate(resolve));
  stop.request('enough');
  expect(await ended).toBe(HARNESS_EXIT.delivered);
});

test('an order that cannot be read is refused without showing its secrets', async () => {
  input.write(`${order().replace('"seed":7', '"seed":"seven"')}`);
  expect(await harness(untilStopped)).toBe(HARNESS_EXIT.noOrder);
  expect(logged).toEqual([{ message: 'the order on stdin cannot be read', issues: ['seed: invalid_type'] }]);
});

test('a harness without an order ends', async () => {
  input.end();
  expect(await harness(untilStopped)).toBe(HARNESS_EXIT.noOrder);
});
