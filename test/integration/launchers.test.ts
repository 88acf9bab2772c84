/** Harnesses in containers and in Jobs: the launchers against stand-ins of the two APIs, over real sockets. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRunnerConfig } from '../../runner/config.ts';
import { dockerLauncher } from '../../runner/launch/docker.ts';
import type { Alive, ChildExit, HarnessChild, Launcher } from '../../runner/launch/harness-child.ts';
import { kubernetesLauncher } from '../../runner/launch/kubernetes.ts';
import { ENGINE_GENERATION, type HarnessOrder, runConfigSchema } from '../../server/contract/index.ts';
import { DockerStandIn, KubernetesStandIn } from '../helpers/container-apis.ts';

/** Speaks as a harness does: takes the order, gives a sign of life, hears of a stop, notices that stdin ends. */
const HARNESS = `
let heard = 0;
const lines = require('node:readline').createInterface({ input: process.stdin });
lines.on('line', (line) => {
  if (heard++ > 0) { console.log('heard ' + line); process.exit(0); }
  const order = JSON.parse(line);
  console.error('run ' + order.runId + ' token ' + order.token);
  console.log(JSON.stringify({ alive: { taken: 7, waiting: false } }));
  if (order.config.bug) process.exit(Number(order.config.bug));
});
lines.on('close', () => process.exit(70));`;
const COMMAND = [process.execPath, '-e', HARNESS];

const folder = mkdtempSync(join(tmpdir(), 'simcity-launch-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function order(bug: string | null = null): HarnessOrder {
  return {
    ...{ runId: '01a20ec6-69d8-7080-b9b2-b40b92be18c1', scenario: 'bookings', target: 'memory', seed: 7 },
    config: { ...runConfigSchema.parse({ durationSeconds: 60 }), bug },
    ...{
      serverUrl: 'http://127.0.0.1:4600',
      token: 'sci_secret',
      targetUrl: null,
      cityName: null,
      exec: null,
      gate: null,
      targets: [],
      repeat: null,
    },
    generation: ENGINE_GENERATION,
  };
}

/** Starts one, and resolves once it gave a sign of life, or ended. */
async function start(
  launch: Launcher,
  bug: string | null = null,
): Promise<{ child: HarnessChild; alive: Alive | null }> {
  const alive = Promise.withResolvers<Alive>();
  const child = launch(order(bug), alive.resolve);
  return { child, alive: await Promise.race([alive.promise, child.done.then(() => null)]) };
}

const summary = ({ code, signal, spawnError }: ChildExit) => ({ code, signal, spawnError });

describe.each(['docker', 'kubernetes'] as const)('a harness by %s', (name) => {
  let api: DockerStandIn | KubernetesStandIn;
  let launch: Launcher;

  beforeEach(async () => {
    if (name === 'docker') {
      const path = join(folder, 'docker.sock');
      api = await new DockerStandIn(COMMAND).listen(path);
      launch = dockerLauncher({
        host: `unix://${path}`,
        image: 'simcity:1',
        network: 'host',
        env: { SIMCITY_TARGETS: 'a' },
        startTimeoutSeconds: 60,
      });
    } else {
      const cluster = await new KubernetesStandIn(COMMAND).listen(0);
      api = cluster;
      process.env['KUBECONFIG'] = join(folder, 'kubeconfig');
      writeFileSync(process.env['KUBECONFIG'], cluster.kubeconfig);
      launch = kubernetesLauncher({
        image: 'simcity:1',
        namespace: null,
        env: { SIMCITY_TARGETS: 'a' },
        startTimeoutSeconds: 60,
        pollMs: 5,
      });
    }
  });
  afterEach(async () => {
    delete process.env['KUBECONFIG'];
    await api.close();
  });

  const created = () =>
    api.calls.find(({ method, path }) => method === 'POST' && /create|\/jobs/.test(path))?.body;

  it('gets its order by stdin, gives signs of life, and stops when it is asked', async () => {
    const { child, alive } = await start(launch);
    expect(alive).toEqual({ taken: 7, waiting: false, answered: true, delivered: false });
    child.stop('enough');
    const exit = await child.done;
    expect(summary(exit)).toEqual({ code: 0, signal: null, spawnError: null });
    expect(exit.stdout).toEqual(['heard {"stop":{"reason":"enough"}}']);
    expect(exit.stderr[0]).toContain('run 01a20ec6-69d8-7080-b9b2-b40b92be18c1 token sci_secret');
    // What may be looked at by others holds no secret.
    expect(JSON.stringify(api.calls)).not.toContain('sci_secret');
  });

  it('tells its exit code', async () => {
    const { child } = await start(launch, '3');
    expect(summary(await child.done)).toEqual({ code: 3, signal: null, spawnError: null });
  });

  it.for(['SIGTERM', 'SIGKILL'] as const)('is ended by %s', async (signal) => {
    const { child } = await start(launch);
    child.kill(signal);
    expect(summary(await child.done)).toEqual({ code: null, signal, spawnError: null });
  });

  it('that ran out of memory says so', async () => {
    api.outOfMemory = true;
    const { child } = await start(launch, '137');
    const exit = await child.done;
    expect(summary(exit)).toEqual({ code: null, signal: 'SIGKILL', spawnError: null });
    expect(exit.outOfMemory).toBe(true);
    expect(exit.stderr.join('\n')).toContain('OOMKilled');
  });

  it('is asked for once: no retries, no rights, a root that cannot be written', async () => {
    const { child } = await start(launch, '1');
    await child.done;
    expect(
      api.calls.filter(({ method, path }) => method === 'POST' && /create|\/jobs/.test(path)),
    ).toHaveLength(1);
    if (name === 'docker') {
      expect(created()).toMatchObject({
        ...{ Image: 'simcity:1', Env: ['SIMCITY_TARGETS=a'], OpenStdin: true, StdinOnce: true },
        HostConfig: {
          RestartPolicy: { Name: 'no' },
          ReadonlyRootfs: true,
          CapDrop: ['ALL'],
          NetworkMode: 'host',
          ...{ Memory: 2 * 1024 ** 3, MemorySwap: 2 * 1024 ** 3, PidsLimit: 256 },
        },
      });
      expect(api.calls.at(-1)).toMatchObject({ method: 'DELETE' });
      return;
    }
    expect(created()).toMatchObject({
      spec: {
        ...{ backoffLimit: 0, activeDeadlineSeconds: 360, ttlSecondsAfterFinished: 600 },
        template: {
          spec: {
            ...{ restartPolicy: 'Never', automountServiceAccountToken: false },
            containers: [
              {
                image: 'simcity:1',
                stdin: true,
                stdinOnce: true,
                securityContext: { readOnlyRootFilesystem: true },
              },
            ],
          },
        },
      },
    });
    const { BatchV1Job } = await jobModel();
    new BatchV1Job(created() as never).validate();
  });
});

async function jobModel() {
  const { Job } = await import('kubernetes-models/batch/v1');
  return { BatchV1Job: Job };
}

it('removes what lost runners left: attempts before this one, and what ended a while ago', async () => {
  const path = join(folder, 'left.sock');
  const docker = await new DockerStandIn(COMMAND).listen(path);
  const of = (run: string) => ({ 'simcity.run': run });
  docker.left = [
    { Id: 'before', State: 'running', Labels: of(order().runId) },
    { Id: 'stale', State: 'exited', Labels: of('another') },
    { Id: 'fresh', State: 'exited', Labels: of('another') },
    { Id: 'other', State: 'running', Labels: of('another') },
  ];
  const { child } = await start(
    dockerLauncher({
      ...{ host: `unix://${path}`, image: 'simcity:1', network: 'host', env: {} },
      startTimeoutSeconds: 60,
    }),
    '1',
  );
  await child.done;
  const removed = docker.calls.filter(({ method }) => method === 'DELETE').map((call) => call.path);
  expect(removed.map((each) => each.split(/[/?]/)[3])).toEqual(['before', 'stale', 'c0ffee']);
  await docker.close();
});

it('an image that is missing, or an engine that is away, is told as what kept it from starting', async () => {
  const path = join(folder, 'other.sock');
  const docker = await new DockerStandIn(COMMAND).listen(path);
  docker.refuses = [404, 'No such image: simcity:1'];
  const launch = dockerLauncher({
    host: `unix://${path}`,
    image: 'simcity:1',
    network: 'host',
    env: {},
    startTimeoutSeconds: 60,
  });
  const { child } = await start(launch);
  expect((await child.done).spawnError).toBe(
    'the Docker Engine refused /containers/create: 404 No such image: simcity:1',
  );
  await docker.close();
  expect((await (await start(launch)).child.done).spawnError).toBe(
    'the Docker Engine cannot be reached: ENOENT',
  );
});

it('a pod that cannot be made is told, and its Job deleted', async () => {
  const cluster = await new KubernetesStandIn(COMMAND).listen(0);
  cluster.waits = { reason: 'InvalidImageName', message: 'Failed to apply default image tag' };
  process.env['KUBECONFIG'] = join(folder, 'kubeconfig');
  writeFileSync(process.env['KUBECONFIG'], cluster.kubeconfig);
  const { child } = await start(
    kubernetesLauncher({ image: '!', namespace: null, env: {}, startTimeoutSeconds: 60, pollMs: 5 }),
  );
  expect((await child.done).spawnError).toBe('its pod does not run: Failed to apply default image tag');
  expect(cluster.calls.at(-1)).toMatchObject({
    method: 'DELETE',
    path: expect.stringContaining('/jobs/simcity-job-1'),
  });
  delete process.env['KUBECONFIG'];
  await cluster.close();
});

it('a pod that goes with its node ends the run as one that was killed, and says why', async () => {
  const cluster = await new KubernetesStandIn(COMMAND).listen(0);
  process.env['KUBECONFIG'] = join(folder, 'kubeconfig');
  writeFileSync(process.env['KUBECONFIG'], cluster.kubeconfig);
  const { child } = await start(
    kubernetesLauncher({ image: 'simcity:1', namespace: null, env: {}, startTimeoutSeconds: 60, pollMs: 5 }),
  );
  cluster.refusesDeletions = 3;
  cluster.gone = true;
  const exit = await child.done;
  expect(summary(exit)).toEqual({ code: null, signal: 'SIGKILL', spawnError: null });
  expect(exit.stderr.at(-1)).toContain('the pod is gone');
  const job = { method: 'DELETE', path: expect.stringContaining('/jobs/simcity-job-1') };
  expect(cluster.calls.at(-1), 'its Job starts no other').toMatchObject(job);
  const deleted = cluster.calls.filter(({ method }) => method === 'DELETE');
  expect(deleted, 'what failed is asked for again').toHaveLength(5);
  delete process.env['KUBECONFIG'];
  await cluster.close();
});

it('files and commands of this machine are refused for containers', () => {
  const env = {
    DATABASE_URL: 'postgres://x/y',
    SIMCITY_URL: 'http://x',
    SIMCITY_LAUNCHER: 'docker',
    SIMCITY_TARGET_MODULE: './a.ts',
  };
  expect(() => readRunnerConfig(env, import.meta.url)).toThrow('need --launcher process');
});
