/** The image as compose.yaml starts it: migrated, served and executed with its hardening, on a real PostgreSQL. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { until } from '../chaos/support/until.ts';
import { freePort } from '../helpers/http-service.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { type Surroundings, serviceOf } from './support/compose.ts';
import { Engine, mayLimit } from './support/engine.ts';

const { engine: address, lack } = inject('containers');
const READY_MS = 60_000;
/** For a password or a token; letters and digits. */
const madeUp = (name: string) => createHash('sha256').update(name).digest('hex');

describe.skipIf(lack !== null)(`compose.yaml by podman${lack === null ? '' : ` (skipped: ${lack})`}`, () => {
  const engine = new Engine(address ?? '');
  const secrets = new Set<string>();
  let postgres: TestPostgres;
  let around: Surroundings;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    // Its superuser is called as POSTGRES_USER says; the image of PostgreSQL makes POSTGRES_DB.
    await postgres.superuser.unsafe('create database simcity template template0');
    const { password, port } = new URL(await postgres.createDatabase({ migrated: false }));
    around = {
      variable: (name) => {
        const secret = name === 'POSTGRES_PASSWORD' ? password : madeUp(name);
        secrets.add(secret);
        return secret;
      },
      ports: { database: Number(port), server: await freePort() },
    };
    expect((await once('migrate')).code).toBe(0);
    await start('server');
    await until('the server is healthy', READY_MS, async () => (await health('server')) === 0);
    await start('runner');
  });
  afterAll(async () => {
    await engine.tried('rm', '--all', '--force', '--time', '5');
    await postgres?.close();
  });

  /** Runs a service to its end, with other words than its own where some are given. */
  function once(service: string, ...words: string[]) {
    const { options, image, command } = serviceOf(service, around);
    return engine.tried('run', '--rm', ...options, image, ...(words.length > 0 ? words : command));
  }

  async function start(service: string): Promise<void> {
    const { options, image, command } = serviceOf(service, around);
    const port = ['--env', `SIMCITY_PORT=${around.ports['server']}`];
    const extra = service === 'server' ? port : [];
    await engine.podman('run', '--detach', '--name', service, ...options, ...extra, image, ...command);
  }

  const health = async (container: string) => (await engine.tried('healthcheck', 'run', container)).code;
  const logs = async (container: string) => {
    const { stdout, stderr } = await engine.tried('logs', container);
    return stdout + stderr;
  };

  /** `simcity run` beside the runner, at the server that its environment names. */
  const launch = (...words: string[]) => engine.tried('exec', 'runner', 'simcity', 'run', ...words);

  it('runs as nobody special, with a root that cannot be written, and no capabilities', async () => {
    const { stdout } = await once(
      'migrate',
      'sh',
      '-c',
      'id --user --name; touch ~/x 2>&1; touch /tmp/x && echo written; grep -E "CapEff|CapBnd|NoNewPrivs" /proc/self/status',
    );
    expect(stdout.split('\n').map((line) => line.replaceAll(/\s+/g, ' '))).toEqual([
      ...['node', "touch: cannot touch '/home/node/x': Read-only file system", 'written'],
      ...['CapEff: 0000000000000000', 'CapBnd: 0000000000000000', 'NoNewPrivs: 1', ''],
    ]);
  });

  it('is the harness of a run unless it is told otherwise', async () => {
    const { options, image } = serviceOf('migrate', around);
    const { code, stderr } = await engine.tried('run', '--rm', ...options, image);
    expect({ code, stderr }).toMatchObject({ code: 64, stderr: expect.stringContaining('no order came') });
  });

  it('has nothing left to migrate the second time', async () => {
    expect(await once('migrate')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('simcity: 0 applied'),
    });
  });

  it('has no capabilities, and the memory and processors that compose.yaml allows', async () => {
    const { EffectiveCaps, HostConfig } = await engine.inspect('runner');
    expect(EffectiveCaps ?? []).toEqual([]);
    expect(serviceOf('runner', around).options.join(' ')).toContain('--cpus 2 --memory 2g');
    // podman forgets what cannot be had.
    const limits = mayLimit() ? { Memory: 2 * 1024 ** 3, NanoCpus: 2e9 } : {};
    expect(HostConfig).toMatchObject({ ReadonlyRootfs: true, ...limits });
  });

  it('passes a right service on PostgreSQL, and fails a wrong one', async () => {
    const right = await launch('--target', 'postgres', '--seed', '7', '--operations', '200');
    expect(right).toMatchObject({ code: 0, stdout: expect.stringContaining('PASS  bookings@postgres') });
    const wrong = await launch('--target', 'memory', '--seed', '7', '--bug', 'check-then-insert');
    expect(wrong).toMatchObject({ code: 1, stdout: expect.stringContaining('invariant: no-overbooking') });
  });

  it('is healthy, and logs no secret', async () => {
    for (const container of ['server', 'runner']) {
      expect(await health(container), container).toBe(0);
      const said = await logs(container);
      for (const secret of secrets) expect(said).not.toContain(secret);
    }
  });

  it('ends in good order when it is stopped', async () => {
    for (const container of ['runner', 'server']) {
      await engine.podman('stop', container);
      expect((await engine.inspect(container)).State, container).toMatchObject({ ExitCode: 143 });
    }
  });
});
