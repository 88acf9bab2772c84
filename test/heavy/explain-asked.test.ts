/** What is asked for without a terminal, as the button in the browser does, is explained by whoever hosts runners. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Api, createApi } from '../../cli/client/api.ts';
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

async function failed(): Promise<string> {
  const { id } = await launch(up.url, { target: 'memory', seed: 2, config: { bug: 'no-idempotency' } });
  await expect.poll(async () => (await api.run(id)).status, PATIENCE).toBe('FAIL');
  return id;
}

const stateOf = async (id: string) => (await api.task(id, 'explain'))?.state;

it('is worked at with progress, given up when it is cancelled, and found when it is asked for again', async () => {
  const id = await failed();
  await api.askTask(id, 'explain');
  const progress = async () => {
    const explanation = await api.task(id, 'explain');
    return explanation?.state === 'pending' ? explanation.progress?.stage : explanation?.state;
  };
  await expect.poll(progress, PATIENCE).toEqual(expect.stringContaining(' '));
  expect(await api.cancelTask(id, 'explain')).toEqual({ state: 'none', reason: 'cancelled' });
  await api.askTask(id, 'explain');
  await expect.poll(() => stateOf(id), PATIENCE).toBe('ready');
  // Made small on the way, and kept with the run.
  expect((await api.run(id)).failForensic?.smallest).toBeTruthy();
}, 300_000);
