/** A whole run whose harness is a container: runner, server, database and harness are real, the engine is a stand-in. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DockerStandIn } from '../helpers/container-apis.ts';
import { RunnerWorld } from './runner-world.ts';

const folder = mkdtempSync(join(tmpdir(), 'simcity-launched-'));
let world: RunnerWorld;
let docker: DockerStandIn;

beforeAll(async () => {
  world = await RunnerWorld.create();
  docker = await new DockerStandIn([process.execPath, 'dist/harness.js']).listen(join(folder, 'docker.sock'));
});
afterAll(async () => {
  await docker?.close();
  await world?.destroy();
  rmSync(folder, { recursive: true, force: true });
});

it('a run with --launcher docker ends by its harness, and its container is removed', async () => {
  const env = { SIMCITY_LAUNCHER: 'docker', DOCKER_HOST: `unix://${join(folder, 'docker.sock')}` };
  const runner = await world.startRunner(env);
  const id = await world.queue({ operations: 60 });
  expect(await world.untilEnded(id), runner.stderr()).toMatchObject({ status: 'PASS', fail_forensic: null });
  runner.process.kill('SIGTERM');
  expect(await runner.ended).toBe(0);
  expect(docker.calls.at(-1)).toMatchObject({ method: 'DELETE' });
});

it('a stop reaches the harness in its container', async () => {
  const env = { SIMCITY_LAUNCHER: 'docker', DOCKER_HOST: `unix://${join(folder, 'docker.sock')}` };
  await world.startRunner(env);
  const id = await world.queue({ operations: 1_000_000, rate: 200 });
  await world.until(id, ({ next_index }) => next_index > 0);
  await world.sql`select simcity_request_stop(${id}, 'enough')`;
  expect(await world.untilEnded(id)).toMatchObject({ status: 'STOPPED', stop_reason: 'enough' });
});
