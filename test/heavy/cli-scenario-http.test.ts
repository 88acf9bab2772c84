/** A scenario of the user's, and one that is built in, on a running service: by its own `http`, or by an adapter. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SCENARIOS } from '../../server/contract/index.ts';
import { serveBank } from '../fixtures/bank-services/bank.ts';
import { simcity } from '../helpers/cli-process.ts';
import type { TestFolder } from '../helpers/folder.ts';
import { folderWithCluster } from '../helpers/golden-cluster.ts';
import { answerJson, type SmallServer, smallServer } from '../helpers/small-server.ts';

let folder: TestFolder;

beforeAll(async () => {
  folder = await folderWithCluster('data');
  const plain = await readFile(join(process.cwd(), 'cli/init/templates/my-scenario.ts'), 'utf8');
  const withHttp = (http: string) =>
    plain.replace('  workload: (_seed', `  http: ${http},\n  workload: (_seed`);
  await file('plain.ts', plain);
  await file('doors.ts', withHttp(DOORS));
  await file(
    'throws.ts',
    withHttp(DOORS.replace("send({ method: 'POST', path: '/doors'", "sent({ method: 'POST', path: '/doors'")),
  );
  await file(
    'misspelled.ts',
    withHttp(`{ name: 'doors', operations: ['entre'], rules: { kyes: true }, reset() {} }`),
  );
  await file('doors-adapter.ts', `export default ${DOORS};`);
  await file('bank-adapter.ts', BANK);
});

afterAll(async () => {
  await folder.remove();
});

/** How its calls go over HTTP, as a user writes it. */
const DOORS = `{
    name: 'doors',
    async reset({ doors }, send) {
      await send({ method: 'POST', path: '/doors', json: { doors } });
    },
    async perform({ operation, door, key }, send) {
      if (operation === 'read') {
        const { json } = await send({ method: 'GET', path: \`/doors/\${door}\` });
        return { outcome: 'ok', value: json };
      }
      await send({ method: 'POST', path: \`/doors/\${door}/visitors\`, headers: { 'idempotency-key': key } });
      return { outcome: 'ok' };
    },
  }`;

const BANK = `
export default {
  name: 'my-bank',
  async reset({ accounts }, send) {
    await send({ method: 'POST', path: '/admin/reset', json: { accounts } });
  },
  async perform(call, send) {
    if (call.operation === 'transfer') {
      const { from, to, amount, key } = call;
      const { status } = await send({ method: 'POST', path: '/transfers', headers: { 'idempotency-key': key }, json: { from, to, amount } });
      return status === 409 ? { outcome: 'refused', reason: 'insufficient-funds' } : { outcome: 'ok' };
    }
    const path = call.operation === 'balance' ? \`/accounts/\${call.account}\` : '/accounts';
    const { json } = await send({ method: 'GET', path });
    return { outcome: 'ok', value: call.operation === 'balance' ? { balance: json.balance } : { accounts: json } };
  },
};`;

async function file(name: string, text: string): Promise<void> {
  await writeFile(join(folder.path, name), text);
}

/** Counts visitors at doors; a racy one reads the count, and writes it in another turn. */
async function doors(isRacy: boolean): Promise<SmallServer> {
  let counts = new Map<string, number>();
  let keys = new Set<string>();
  return await smallServer(({ method, path, headers, body }, response) => {
    const [, , door = ''] = path.split('/');
    if (path === '/doors') {
      const { doors } = JSON.parse(body.toString()) as { doors: string[] };
      counts = new Map(doors.map((id) => [id, 0]));
      keys = new Set();
      return answerJson(response, 204);
    }
    const count = counts.get(door) ?? 0;
    if (method === 'GET') return answerJson(response, 200, { count });
    const key = `${door} ${headers['idempotency-key']}`;
    if (keys.has(key)) return answerJson(response, 200);
    keys.add(key);
    void (async () => {
      if (isRacy) for (let turn = 0; turn < 20; turn++) await nextTurn();
      counts.set(door, count + 1);
      answerJson(response, 201);
    })();
  });
}

async function run(...args: string[]) {
  const own = ['--seed', '1', '--operations', '400', '--data-dir', `${folder.path}/data`];
  return await simcity(['run', ...args, ...own], { cwd: folder.path });
}

it('a scenario of the user’s runs on a service by its own http', async () => {
  const words = ['--scenario', './doors.ts'];
  await using right = await doors(false);
  const passed = await run(...words, '--target', right.url);
  expect(passed, passed.stdout + passed.stderr).toMatchObject({ exitCode: 0 });
  expect(right.asked.length).toBeGreaterThan(400);
  await using racy = await doors(true);
  const failed = await run(...words, '--target', racy.url);
  expect(failed, failed.stdout + failed.stderr).toMatchObject({ exitCode: 1 });
  expect(failed.stdout).toContain('per-object-history');
  expect(failed.stdout).toContain(
    `reproduce: npx simcity run --scenario ./doors.ts --target ${racy.url} --seed 1 --operations 400\n`,
  );
});

it('and by an adapter, where it has none', async () => {
  await using right = await doors(false);
  const passed = await run(
    '--scenario',
    './plain.ts',
    '--adapter',
    './doors-adapter.ts',
    '--target',
    right.url,
  );
  expect(passed, passed.stdout + passed.stderr).toMatchObject({ exitCode: 0 });
});

it('a failure of such a run is made small, and what is in the way is said', async () => {
  const own = ['--data-dir', `${folder.path}/data`];
  const again = async (...args: string[]) => await simcity([...args, ...own], { cwd: folder.path });
  const words = ['--scenario', './plain.ts', '--adapter', './doors-adapter.ts'];
  {
    await using racy = await doors(true);
    expect(await run(...words, '--target', racy.url)).toMatchObject({ exitCode: 1 });
    const shrunk = await again('shrink', 'latest', '--max-time', '40s');
    expect(shrunk, shrunk.stdout + shrunk.stderr).toMatchObject({ exitCode: 0 });
    expect(shrunk.stdout).toMatch(/^[2-4] operations of/);
    expect(shrunk.stdout).toMatch(
      /npx simcity run --scenario \.\/plain\.ts .* --adapter \.\/doors-adapter\.ts/,
    );
  }
  // The service is gone.
  expect(await again('shrink', 'latest')).toMatchObject({
    exitCode: 4,
    stderr: expect.stringMatching(/Nobody accepts a connection at .* Start the service/),
  });
  expect(await again('replay', 'latest', '--verify')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(/cannot be executed again alike.*simcity shrink/s),
  });
});

it('what its http throws is an error of its file, and no verdict', async () => {
  await using service = await doors(false);
  const { exitCode, stdout } = await run('--scenario', './throws.ts', '--target', service.url);
  expect(stdout).toMatch(/ADAPTER ERROR in reset: \.\/throws\.ts:\d+: .*sent is not defined/);
  expect(stdout).not.toContain('FAIL');
  expect(exitCode).toBe(2);
});

it.each<readonly [what: string, words: readonly string[], said: RegExp]>([
  [
    'a scenario that does not say how',
    ['--scenario', './plain.ts'],
    /scenario "doors" does not say how its calls go over HTTP.*--adapter FILE/,
  ],
  ...SCENARIOS.filter(({ needsAdapter }) => needsAdapter).map(
    ({ name }) =>
      [`${name}, which does not`, [name], /scenario \w+ does not say how.*--adapter FILE/s] as const,
  ),
  [
    'an http that is no adapter',
    ['--scenario', './misspelled.ts'],
    /http: perform \(function\) is missing.*operations has "entre".*did you mean enter.*rules has kyes/s,
  ],
  [
    'an adapter for another scenario',
    ['--adapter', './of-doors.ts'],
    /operations has "enter", which is none of book/,
  ],
  [
    'an adapter for another one that is built in',
    ['--adapter', './of-bank.ts'],
    /The adapter has transfer, and the scenario "bookings" has book/,
  ],
])('%s is refused before anything starts', async (_, words, said) => {
  await file('of-doors.ts', "export default { name: 'd', operations: ['enter'], reset() {}, perform() {} };");
  await file(
    'of-bank.ts',
    "export default { name: 'b', operations: ['transfer'], reset() {}, perform() {} };",
  );
  const data = `${folder.path}/never`;
  const words2 = [...words, '--target', 'http://127.0.0.1:1', '--data-dir', data];
  const { exitCode, stderr } = await simcity(['run', ...words2], { cwd: folder.path });
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringMatching(said) });
  expect(existsSync(data)).toBe(false);
});

it('a built-in scenario other than bookings takes an adapter', async () => {
  const served = async (bug: Parameters<typeof serveBank>[0]) => {
    const server: Server = await serveBank(bug);
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      return await run('transfers', '--adapter', './bank-adapter.ts', '--target', url);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  };
  const passed = await served(null);
  expect(passed, passed.stdout + passed.stderr).toMatchObject({ exitCode: 0 });
  const failed = await served('repeats-move-twice');
  expect(failed, failed.stdout + failed.stderr).toMatchObject({ exitCode: 1 });
  expect(failed.stdout).toMatch(/reproduce: npx simcity run transfers .* --adapter \.\/bank-adapter\.ts/);
});
