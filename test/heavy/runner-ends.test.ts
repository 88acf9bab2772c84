/** Whose doing the end of a run is, with the real engine and files of the user's: the service's, his own, or nobody's. */
import { once } from 'node:events';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { RunConfig } from '../../server/contract/index.ts';
import { serveTickets } from '../fixtures/booking-services/tickets.ts';
import { freePort } from '../helpers/folder.ts';
import { RunnerWorld, type StoredRun } from '../integration/runner-world.ts';

let world: RunnerWorld;
let folder: string;
const servers: Server[] = [];

beforeAll(async () => {
  world = await RunnerWorld.create();
  folder = await realpath(await mkdtemp(join(tmpdir(), 'simcity-ends-')));
});

afterEach(async () => {
  await world.endRunners();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
});
afterAll(async () => {
  await world?.destroy();
  await rm(folder, { recursive: true, force: true });
});

interface Given {
  target?: string;
  config?: Partial<RunConfig>;
  env?: Record<string, string>;
}

/** Executes one run by a runner of its own. */
async function execute({ target = 'memory', config = {}, env = {} }: Given): Promise<StoredRun> {
  const name = 'of-this-run';
  const id = await world.queue({ operations: 60, faults: 'none', ...config }, target, name);
  await world.startRunner({
    SIMCITY_HARNESS: '',
    SIMCITY_RUNNER_NAME: name,
    SIMCITY_ONLY_RUN: id,
    ...env,
  });
  return world.untilEnded(id);
}

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

/** Executes a run of a service in memory with these members, one a line, from line 2 on. */
async function ofService(members: string, config: Partial<RunConfig> = {}): Promise<StoredRun> {
  const path = await file(
    'service.mjs',
    members.startsWith('!') ? members.slice(1) : `export default {\n${members}\n};`,
  );
  return execute({ target: 'module:./service.mjs', config, env: { SIMCITY_TARGET_MODULE: path } });
}

const REST = 'inspect() { return []; },\nprepare() {},';
const MEMORY_SERVICE = join(import.meta.dirname, '../../runner/scenarios/bookings/services/memory.ts');
const REFUSING = "*handle() { yield; return { outcome: 'refused', reason: 'closed' }; },";

function expectAdapterError(run: StoredRun, place: string, message: RegExp): void {
  expect(run).toMatchObject({
    status: 'STOPPED',
    pass: null,
    stop_reason: 'adapter-error',
    lost_attempts: [],
  });
  expect(run.fail_forensic).toMatchObject({ kind: 'adapter-error' });
  expect(run.fail_forensic?.message).toContain(place);
  expect(run.fail_forensic?.message).toMatch(message);
}

describe('a service of the user', () => {
  test.for<[what: string, text: string, place: string, message: RegExp]>([
    [
      'cannot be parsed',
      '!export default {\n  prepare( {},\n};',
      'service.mjs:3',
      /cannot be loaded: SyntaxError/,
    ],
    [
      'throws while it is loaded',
      "!\n\nthrow new Error('no config');",
      'service.mjs:3',
      /cannot be loaded: Error: no config/,
    ],
    ['is none', '!export default { handle: 1 };', 'service.mjs', /is no service: prepare/],
    [
      'ends the process while it is loaded',
      '!\nprocess.exit(0);',
      'service.mjs:2',
      /called process\.exit\(0\)/,
    ],
    [
      'throws in prepare()',
      `${REFUSING}\ninspect() {},\nprepare() { null.x; },`,
      'service.mjs:4',
      /prepare\(\) failed: TypeError/,
    ],
    [
      'answers with what is no reply',
      `*handle() { yield; return 42; },\n${REST}`,
      'service.mjs',
      /with 42, which is no reply/,
    ],
    [
      'throws in inspect()',
      `!import { MemoryBookingService } from ${JSON.stringify(MEMORY_SERVICE)};
export default Object.assign(new MemoryBookingService(), {
  // All its answers are right: what breaks is the look at the whole city.
  inspect() { null.x; },
});`,
      'service.mjs:4',
      /service failed: TypeError/,
    ],
  ])('that %s ends the run as an adapter error, with the place', async ([, text, place, message]) => {
    expectAdapterError(await ofService(text), place, message);
  });

  test.for([
    ['throws', "*handle() { yield; throw new Error('out of seats'); },"],
    ['throws before its first scheduling point', "handle() { throw new Error('out of seats'); },"],
  ])('that %s in an operation fails the run, which names it', async ([, handle]) => {
    const run = await ofService(`${handle}\n${REST}`);
    expect(run).toMatchObject({ status: 'FAIL', pass: false, fail_forensic: { kind: 'invariant' } });
    expect(run.fail_forensic).toMatchObject({ invariant: 'errors-without-cause' });
    expect(run.fail_forensic?.message).toContain('out of seats');
  });

  test.for<[what: string, handle: string, message: RegExp]>([
    [
      'ends its process',
      '*handle() { yield; process.exit(3); },',
      /service\.mjs:2: it called process\.exit\(3\)$/,
    ],
    [
      'throws where nobody waits for it',
      `*handle() { setTimeout(() => { throw new Error('late'); }); yield; return { outcome: 'failed', error: 'x' }; },`,
      /service\.mjs:2: late$/,
    ],
  ])('that %s fails the run: it ended the harness', async ([, handle, message]) => {
    const run = await ofService(`${handle}\n${REST}`, { rate: 50 });
    expect(run).toMatchObject({ status: 'FAIL', pass: false, lost_attempts: [] });
    expect(run.fail_forensic).toMatchObject({ kind: 'harness-crash' });
    expect(run.fail_forensic?.message).toMatch(/^The code under test ended the harness: /);
    expect(run.fail_forensic?.message).toMatch(message);
  });

  test('whose tables PostgreSQL refuses is an adapter error', async () => {
    const run = await ofService(`${REFUSING}\n${REST}\nschema: 'creat table x ()',`);
    expectAdapterError(run, 'service.mjs', /PostgreSQL refuses the service's schema: syntax error/);
  });
});

test('a scenario of the user that breaks ends the run as an adapter error, with the place', async () => {
  const path = await file(
    'scenario.mjs',
    `import scenario from ${JSON.stringify(resolve('cli/init/templates/my-scenario.ts'))};
export default { ...scenario, workload(...given) {
  const workload = scenario.workload(...given);
  workload.plan = () => given.nothing.here;
  return workload;
} };`,
  );
  const id = await world.queue({ operations: 60 }, 'memory', 'of-this-run');
  await world.sql`update simcity_runs set scenario = 'module:./scenario.mjs' where id = ${id}`;
  await world.startRunner({
    ...{ SIMCITY_HARNESS: '', SIMCITY_RUNNER_NAME: 'of-this-run', SIMCITY_SCENARIO_MODULE: path },
  });
  expectAdapterError(await world.untilEnded(id), 'scenario.mjs:4', /The scenario failed: TypeError/);
});

describe('an adapter of the user', () => {
  async function withAdapter(member: string): Promise<StoredRun> {
    const server = await serveTickets(false);
    servers.push(server);
    const template = JSON.stringify(resolve('cli/init/templates/adapter-keys.ts'));
    const path = await file(
      'adapter.mjs',
      `import adapter from ${template};\nexport default { ...adapter,\n${member}\n};`,
    );
    const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return execute({ target, env: { SIMCITY_ADAPTER_MODULE: path } });
  }

  test.for<[what: string, member: string, place: string, message: RegExp]>([
    [
      'throws in reset()',
      "async reset() { throw new Error('no such table'); },",
      'adapter.mjs:3',
      /ADAPTER ERROR in reset: .*reset\(\) of the adapter failed: Error: no such table/,
    ],
    [
      'breaks in request()',
      'request(call) { return call.missing.path; },',
      'adapter.mjs:3',
      /ADAPTER ERROR in mapping: .*request\(\) and reply\(\) of the adapter, for \w+, failed: TypeError/,
    ],
    [
      'makes no request that can be sent',
      "request() { return { method: 'GET', path: 'x' }; },",
      'adapter.mjs',
      /needs a path that begins with "\/"/,
    ],
    [
      'breaks in reply()',
      'reply(call, answer) { return answer.json.a.b; },',
      'adapter.mjs:3',
      /failed after POST \/v2\/tickets was answered 20\d .*: TypeError/,
    ],
    [
      'makes no reply',
      "reply() { return 'fine'; },",
      'adapter.mjs',
      /returned no HttpReply after POST .* was answered 20\d .* in "fine"/,
    ],
    ['ends the process', 'request() { process.exit(0); },', 'adapter.mjs:3', /called process\.exit\(0\)/],
  ])('that %s ends the run as an adapter error, with the place', async ([, member, place, message]) => {
    expectAdapterError(await withAdapter(member), place, message);
  });

  test('that says of an answer that the service should never give it fails the run', async () => {
    const run = await withAdapter("reply() { return { outcome: 'wrong', why: 'never like this' }; },");
    expect(run).toMatchObject({
      status: 'FAIL',
      fail_forensic: { kind: 'invariant', message: expect.stringContaining('never like this') },
    });
  });
});

describe('a run that cannot begin', () => {
  async function expectStartFailed(given: Given, message: RegExp): Promise<void> {
    const run = await execute(given);
    expect(run).toMatchObject({ status: 'STOPPED', pass: null, stop_reason: 'start-failed', next_index: 1 });
    expect(run.fail_forensic).toMatchObject({ kind: 'start-failed' });
    expect(run.fail_forensic?.message).toMatch(message);
  }

  test('because nobody answers at the URL says so, and what to do', async () => {
    const target = `http://127.0.0.1:${await freePort()}`;
    await expectStartFailed({ target }, /Nobody accepts a connection at .*Start the service, or .*--exec/);
  });

  test('because the service that it starts ends at once tells what that printed last', async () => {
    const target = `http://127.0.0.1:${await freePort()}`;
    const SIMCITY_EXEC = `${process.execPath} -e "console.error('cannot open the database'); process.exit(2)"`;
    await expectStartFailed(
      { target, env: { SIMCITY_EXEC } },
      /ended before it answered.*\s.*cannot open the database/,
    );
  });

  test('because something else answers at the URL says so', async () => {
    const server = createServer((_, answer) => answer.writeHead(404).end('not here'));
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expectStartFailed(
      { target },
      /POST \/admin\/reset was answered 404: not here.*is this the booking service/,
    );
  });

  test('because its database is away says which is meant', async () => {
    const SIMCITY_TARGET_URL = `postgres://x@127.0.0.1:${await freePort()}/y`;
    const given = { target: 'postgres', env: { SIMCITY_TARGET_URL } };
    await expectStartFailed(given, /The city's database cannot be used: .*ECONNREFUSED.*SIMCITY_TARGET_URL/);
  });

  test('because there is no such target says which there are', async () => {
    await expectStartFailed({ target: 'sqlite' }, /There is no target "sqlite"\. Known: memory/);
  });
});
