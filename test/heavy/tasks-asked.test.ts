/** What is asked for without a terminal, as the buttons in the browser do, is done by whoever hosts runners. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Api, createApi } from '../../cli/client/api.ts';
import { smallestSchema, type TaskKind } from '../../server/contract/index.ts';
import { launch } from '../helpers/server.ts';
import { startUp, type Up } from '../helpers/up.ts';

const PATIENCE = { timeout: 120_000, interval: 100 };

let up: Up;
let api: Api;
beforeAll(async () => {
  up = await startUp();
  api = createApi({ url: up.url, token: undefined });
}, 120_000);
afterAll(() => up?.down());

/** A run that has ended so. */
async function ended(status: 'FAIL' | 'PASS', target = 'memory'): Promise<string> {
  const config = status === 'FAIL' ? { bug: 'no-idempotency' } : { operations: 60 };
  const { id } = await launch(up.url, { target, seed: 2, config });
  await expect.poll(async () => (await api.run(id)).status, PATIENCE).toBe(status);
  return id;
}

const stateOf = async (id: string, kind: TaskKind) => (await api.task(id, kind))?.state;

it('is worked at with progress, given up when it is cancelled, and found when it is asked for again', async () => {
  // Long enough that somebody sees how far it is.
  const id = await ended('FAIL', 'postgres');
  await api.askTask(id, 'explain');
  const progress = async () => {
    const task = await api.task(id, 'explain');
    return task?.state === 'pending' ? task.progress?.stage : task?.state;
  };
  await expect.poll(progress, PATIENCE).toEqual(expect.stringContaining(' '));
  expect(await api.cancelTask(id, 'explain')).toEqual({ state: 'none', reason: 'cancelled' });
  await api.askTask(id, 'explain');
  await expect.poll(() => stateOf(id, 'explain'), PATIENCE).toBe('ready');
  // Made small on the way, and kept with the run.
  expect((await api.run(id)).failForensic?.smallest).toBeTruthy();
}, 300_000);

it('makes a failure small, and executes it again, one after another', async () => {
  const id = await ended('FAIL');
  await api.askTask(id, 'shrink');
  await api.askTask(id, 'verify');
  await expect.poll(() => stateOf(id, 'verify'), PATIENCE).toBe('ready');
  const verified = await api.task(id, 'verify');
  expect(verified).toMatchObject({ result: { identical: true, parting: null, endedBy: null } });
  const shrunk = await api.task(id, 'shrink');
  const { failForensic } = await api.run(id);
  const { operations, operationsBefore } = smallestSchema.parse(failForensic?.smallest);
  expect(shrunk).toMatchObject({ state: 'ready', result: { operations, operationsBefore } });
}, 300_000);

it('executes what has passed again, too, and says why it does not do what cannot be done', async () => {
  const passed = await ended('PASS');
  await api.askTask(passed, 'verify');
  await expect.poll(() => stateOf(passed, 'verify'), PATIENCE).toBe('ready');
  // Nobody listens there, so that the run says nothing about a service.
  const { id } = await launch(up.url, { target: 'http://127.0.0.1:9', seed: 2 });
  await expect.poll(async () => (await api.run(id)).status, PATIENCE).toBe('STOPPED');
  await api.askTask(id, 'verify');
  await expect.poll(() => stateOf(id, 'verify'), PATIENCE).toBe('none');
  expect(await api.task(id, 'verify')).toMatchObject({
    reason: expect.stringContaining('there is nothing to verify'),
  });
}, 300_000);
