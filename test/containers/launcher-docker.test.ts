/** `--launcher docker` over podman's socket: each harness in a container of the image, and none of them left behind. */
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { until } from '../chaos/support/until.ts';
import { servedHere } from '../helpers/http-service.ts';
import { type RunnerProcess, RunnerWorld } from '../integration/runner-world.ts';
import { Engine, mayLimit } from './support/engine.ts';
import { IMAGE } from './support/image.ts';

const { engine: address, lack } = inject('containers');
const endless = { operations: 1_000_000, rate: 50 };
/** In seconds, of a runner that is lost. */
const LEASE = '4';
/** What a container without a runner may take to end. */
const ENDS_MS = 30_000;

describe.skipIf(lack !== null)(`--launcher docker${lack === null ? '' : ` (skipped: ${lack})`}`, () => {
  const engine = new Engine(address ?? '');
  const runners: RunnerProcess[] = [];
  let world: RunnerWorld;

  beforeAll(async () => {
    world = await RunnerWorld.create();
  });
  afterEach(async () => {
    // In good order: a runner that is killed leaves what it was about to remove.
    for (const { process: child } of runners) child.kill('SIGTERM');
    await Promise.all(runners.splice(0).map(({ ended }) => ended));
    await world.endRunners();
    expect(await engine.containersOf(), 'containers that are left').toEqual([]);
  });
  afterAll(() => world?.destroy());

  async function startRunner(): Promise<RunnerProcess> {
    const runner = await world.startRunner({
      SIMCITY_LAUNCHER: 'docker',
      DOCKER_HOST: address ?? '',
      SIMCITY_IMAGE: IMAGE,
      SIMCITY_LEASE_SECONDS: LEASE,
    });
    runners.push(runner);
    return runner;
  }

  /** The container of a run that is under way. */
  async function containerOf(id: string): Promise<string> {
    await world.until(id, ({ next_index }) => next_index > 0);
    const [container] = await engine.containersOf(id);
    if (container === undefined) throw new Error('the run has no container');
    return container;
  }

  it('executes runs to PASS and FAIL', async () => {
    await startRunner();
    const [right, wrong] = [
      await world.queue({ operations: 200 }),
      await world.queue({ bug: 'check-then-insert' }),
    ];
    expect(await world.untilEnded(right)).toMatchObject({ status: 'PASS', lost_attempts: [] });
    expect(await world.untilEnded(wrong)).toMatchObject({
      status: 'FAIL',
      fail_forensic: { invariant: 'no-overbooking' },
    });
  });

  it('asks for containers that may do little, hold no secret, and stop when they are asked', async () => {
    await startRunner();
    const id = await world.queue(endless);
    const { Config, EffectiveCaps, HostConfig } = await engine.inspect(await containerOf(id));
    expect(Config.User).toBe('node');
    expect(EffectiveCaps ?? []).toEqual([]);
    expect(HostConfig).toMatchObject({
      ReadonlyRootfs: true,
      ...(mayLimit() ? { Memory: 2 * 1024 ** 3 } : {}),
    });
    expect(Config.Env.join('\n')).not.toMatch(/postgres:|TOKEN|DATABASE/);
    await world.sql`select simcity_request_stop(${id}, 'enough')`;
    expect(await world.untilEnded(id)).toMatchObject({ status: 'STOPPED', stop_reason: 'enough' });
  });

  it('a run whose container is killed is executed again when its seed decides it', async () => {
    await startRunner();
    const id = await world.queue({ operations: 400, rate: 100 });
    await engine.podman('kill', await containerOf(id));
    const run = await world.untilEnded(id);
    expect(run).toMatchObject({ status: 'PASS', lost_attempts: [{ attempt: 1 }] });
  });

  it('and ends STOPPED where the world decides it, with the signal', async () => {
    await using service = await servedHere(null);
    await startRunner();
    const id = await world.queue({ ...endless, durationSeconds: 60 }, service.url);
    await engine.podman('kill', await containerOf(id));
    expect(await world.untilEnded(id)).toMatchObject({
      status: 'STOPPED',
      stop_reason: 'harness-lost',
      fail_forensic: { process: { exitCode: null, signal: 'SIGKILL' } },
    });
  });

  it('the container of a lost runner is gone, and another runner executes its run again', async () => {
    const lost = await startRunner();
    const id = await world.queue({ operations: 400, rate: 100 });
    const container = await containerOf(id);
    lost.process.kill('SIGKILL');
    await lost.ended;
    await until('the container has ended', ENDS_MS, async () => {
      const { State } = await engine.inspect(container);
      return State.Status === 'exited';
    });
    const other = await startRunner();
    const run = await world.untilEnded(id);
    expect(run).toMatchObject({ status: 'PASS', runner: other.name, lost_attempts: [{ runner: lost.name }] });
  });
});
