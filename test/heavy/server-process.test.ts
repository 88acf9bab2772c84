import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { apiPath, type Ready, readySchema } from '../../server/contract/index.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { FakeHarness, launch, passed } from '../helpers/server.ts';
import { collect, cursors, readSse } from '../helpers/sse.ts';

const MAIN = fileURLToPath(new URL('../../dist/server.js', import.meta.url));

let postgres: TestPostgres;
const children: ChildProcess[] = [];
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
});
afterAll(() => postgres.close());

interface ServerProcess {
  child: ChildProcess;
  line: unknown;
  exit: Promise<number | NodeJS.Signals>;
}

async function start(
  databaseUrl: string | undefined,
  args: string[] = [],
  port = '0',
): Promise<ServerProcess> {
  const env = {
    PATH: process.env['PATH'],
    SIMCITY_PORT: port,
    ...(databaseUrl && { DATABASE_URL: databaseUrl }),
  };
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['pipe', 'pipe', 'inherit'], env });
  children.push(child);
  const exit = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, line: JSON.parse(line), exit };
}

function urlOf({ line }: ServerProcess): string {
  const ready: Ready = readySchema.parse(line);
  if (ready.ready !== 'server') throw new Error(JSON.stringify(ready));
  return ready.url;
}

describe('the server process', () => {
  it('migrates, listens, and ends when its stdin does', async () => {
    const server = await start(await postgres.createDatabase({ migrated: false }));
    expect((await fetch(`${urlOf(server)}/readyz`)).status).toBe(200);
    server.child.stdin?.end();
    expect(await server.exit).toBe(0);
  });

  it('ends on SIGTERM with a stream open', async () => {
    const server = await start(await postgres.createDatabase());
    const run = await launch(urlOf(server));
    const reader = await readSse(`${urlOf(server)}${apiPath.stream(run.id)}`);
    const first = await reader.frames.next();
    expect(first.value?.frame).toBe('heartbeat');
    const rest = collect(reader);
    server.child.kill('SIGTERM');
    expect(await server.exit).toBe(0);
    await rest;
    expect(reader.retry()).not.toBeNull();
  });

  it('loses nothing that it acknowledged when it is killed, and its subscribers go on without a gap', async () => {
    const databaseUrl = await postgres.createDatabase();
    let server = await start(databaseUrl);
    const { port } = new URL(urlOf(server));
    const harness = new FakeHarness(urlOf(server), (await launch(urlOf(server))).id);
    await harness.claim(postgres.open(databaseUrl));
    const seen: string[] = [];
    for (let round = 0; round < 3; round++) {
      const last = seen.at(-1);
      const headers: Record<string, string> = last === undefined ? {} : { 'last-event-id': last };
      const reading = collect(await readSse(`${urlOf(server)}${apiPath.stream(harness.runId)}`, headers));
      for (let batch = 0; batch < 20; batch++) await harness.send(7);
      server.child.kill('SIGKILL');
      seen.push(...cursors(await reading));
      await server.exit;
      server = await start(databaseUrl, [], port);
    }
    await harness.send(1, { end: passed });
    const headers: Record<string, string> = { 'last-event-id': seen.at(-1) ?? '' };
    seen.push(
      ...cursors(await collect(await readSse(`${urlOf(server)}${apiPath.stream(harness.runId)}`, headers))),
    );
    const events = seen.filter((id) => !id.endsWith('s')).map(Number);
    expect(events).toEqual(Array.from({ length: 3 * 20 * 7 + 1 }, (_, index) => index));
    expect(seen.filter((id) => id.endsWith('s'))).toHaveLength(42);
  });

  it('migrates and lists on demand', async () => {
    const databaseUrl = await postgres.createDatabase({ migrated: false });
    const listed = await start(databaseUrl, ['migrate', '--list']);
    expect(listed.line).toMatchObject({ applied: [], already: [] });
    expect(await listed.exit).toBe(0);
    const applied = await start(databaseUrl, ['migrate']);
    expect(applied.line).toMatchObject({ pending: [], already: [] });
    expect(applied.line).toHaveProperty('applied', (listed.line as { pending: string[] }).pending);
  });

  it.each([
    ['nothing to connect to', undefined, [], '0', 'invalid_config', 2],
    ['a database that is not there', 'postgres://u:secret@127.0.0.1:1/x', [], '0', 'database_unreachable', 4],
    ['a wrong port', 'postgres://u:secret@127.0.0.1:1/x', [], 'abc', 'invalid_config', 2],
    ['a wrong argument', 'postgres://u:secret@127.0.0.1:1/x', ['migrat'], '0', 'wrong_usage', 2],
  ])('says why it is not ready: %s', async (_, databaseUrl, args, port, code, exit) => {
    const server = await start(databaseUrl, args, port);
    expect(server.line).toMatchObject({ ready: false, code, hint: expect.any(String) });
    expect(JSON.stringify(server.line)).not.toContain('secret');
    expect(await server.exit).toBe(exit);
  });
});
