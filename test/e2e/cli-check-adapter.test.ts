/** `simcity check-adapter`: what a person sees of an adapter before the first run, and whose fault it is when it ends early. */
import { writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { serveTickets } from '../fixtures/booking-services/tickets.ts';
import { simcity } from '../helpers/cli-process.ts';
import { freePort, type TestFolder, testFolder } from '../helpers/folder.ts';
import { answerJson, smallServer } from '../helpers/small-server.ts';

const TEMPLATE = resolve('cli/init/templates/adapter-keys.ts');
let folder: TestFolder;
let tickets: Server;

beforeAll(async () => {
  folder = await testFolder();
  tickets = await serveTickets(false);
});
afterAll(async () => {
  tickets.closeAllConnections();
  await new Promise((done) => tickets.close(done));
  await folder.remove();
});

const check = (target: string, adapter: string, ...more: string[]) =>
  simcity(['check-adapter', '--target', target, '--adapter', adapter, ...more], { cwd: folder.path });

function adapter(name: string, members: string): string {
  writeFileSync(join(folder.path, name), `export default {\n  name: 'test',\n${members}\n};\n`);
  return `./${name}`;
}

it('walks through every call of a right service, and says what was learned', async () => {
  const { port } = tickets.address() as AddressInfo;
  const { exitCode, stdout, stderr } = await check(`http://127.0.0.1:${port}`, TEMPLATE);
  expect(exitCode, stderr).toBe(0);
  expect(stdout).toMatch(
    /POST \/v2\/tickets \{"event":"slot-001","holder":"citizen-001".*\n\s+201 \{"ref":"t1"\}/,
  );
  expect(stdout).toMatch(/which is full[\s\S]*409 \{"code":"SOLD_OUT"\}\n\s+→ refused: full/);
  expect(stdout).toContain('keys: honoured (learned: a repeat was given the same booking)');
  expect(stdout).toMatch(/All \d+ steps went as a right service/);
});

it('ends with the place of an error of the adapter, in its phase', async () => {
  await using server = await smallServer((_, response) => answerJson(response, 404, { no: 'such path' }));
  const file = adapter(
    'breaks.mjs',
    `  async reset(world, send) {
    const { status } = await send({ method: 'POST', path: '/reset' });
    if (status >= 300) throw new Error('the reset was refused');
  },
  perform() {},`,
  );
  const { exitCode, stdout, stderr } = await check(server.url, file);
  expect([exitCode, stdout]).toEqual([2, expect.stringContaining('404 {"no":"such path"}')]);
  expect(stderr).toMatch(/ADAPTER ERROR in reset: \.\/breaks\.mjs:5: .*the reset was refused/);
});

it('shows no secrets, and nothing that acts on a terminal', async () => {
  await using server = await smallServer(({ path }, response) => {
    if (path === '/login')
      return answerJson(response, 200, { jwt: 'a.b.very-secret-1', token: 'another-secret-2' });
    answerJson(response, 200, { seats: '\u001b[2J', all: 'a.b.very-secret-1' });
  });
  const file = adapter(
    'secrets.mjs',
    `  operations: ['read'],
  async reset(world, send) {
    const { json } = await send({ method: 'POST', path: '/login', form: { user: 'me', password: 'hunter2-hunter2' } });
    this.token = json.jwt;
  },
  async perform(call, send) {
    await send({ method: 'GET', path: '/x', headers: { authorization: 'Bearer ' + this.token } });
    return { outcome: 'ok', value: { bookings: 0 } };
  },`,
  );
  const { exitCode, stdout } = await check(server.url, file);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('password=***');
  expect(stdout).not.toMatch(/hunter2|another-secret-2/);
  expect(stdout.split('\n').filter((line) => line.includes('very-secret-1'))).toHaveLength(1);
  expect(stdout).not.toContain('\u001b');
  expect(stdout).toContain('book: the adapter has no such operation');
});

it('tells what went otherwise than a right service would have it, and calls without an answer', async () => {
  await using server = await smallServer((_, response) => answerJson(response, 500, {}));
  const file = adapter(
    'otherwise.mjs',
    `  async reset() {},
  async perform(call, send) {
    if (call.operation === 'read') await send({ method: 'GET', path: '/x' });
    return call.operation === 'list' ? { outcome: 'ok', value: { slots: [] } } : { outcome: 'refused', reason: 'full' };
  },`,
  );
  const { exitCode, stdout } = await check(server.url, file);
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/500 the service answered 500\n\s+→ no answer that says something/);
  expect(stdout).toMatch(/→ refused: full {2}expected: it done/);
  expect(stdout).toContain('expected: a row for each slot of the reset');
  expect(stdout).toMatch(/\d+ steps went otherwise than expected/);
});

it('says when nobody is there, and what is missing in the command', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const nobody = await check(url, TEMPLATE);
  expect([nobody.exitCode, nobody.stderr]).toEqual([
    4,
    expect.stringContaining('Nobody accepts a connection'),
  ]);
  const ended = await check(url, TEMPLATE, '--exec', `${process.execPath} -e "console.error('no table')"`);
  expect([ended.exitCode, ended.stderr]).toEqual([4, expect.stringContaining('no table')]);
  expect(await check('memory', TEMPLATE)).toMatchObject({ exitCode: 2 });
  expect(await check(url, './nowhere.ts')).toMatchObject({ exitCode: 2 });
  expect(await simcity(['check-adapter', '--target', url])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('--adapter'),
  });
});

it('walks through a bank that it started itself, in the order of its own plan', async () => {
  const script = join(folder.path, 'bank.cjs');
  writeFileSync(
    script,
    `const { createServer } = require('node:http');
createServer((request, response) => {
  request.resume();
  if (request.method === 'POST') return response.writeHead(request.url === '/admin/reset' ? 204 : 201).end('{}');
  response.end(JSON.stringify(request.url === '/accounts' ? [] : { balance: 1 }));
}).listen(Number(process.argv[2]), '127.0.0.1');`,
  );
  const file = adapter(
    'bank.mjs',
    `  operations: ['transfer', 'balance'],
  async reset(world, send) {
    await send({ method: 'POST', path: '/admin/reset', json: world });
  },
  request: (call) => call.operation === 'transfer'
    ? { method: 'POST', path: '/transfers', json: call }
    : { method: 'GET', path: '/accounts/' + call.account },
  reply: (call, { json }) => ({ outcome: 'ok', value: json }),`,
  );
  const port = await freePort();
  const exec = `${process.execPath} ${script} {port}`;
  const { exitCode, stdout, stderr } = await check(
    `http://127.0.0.1:${port}`,
    file,
    ...['--scenario', 'transfers', '--exec', exec],
  );
  expect(exitCode, stderr + stdout).toBe(0);
  expect(stdout).toMatch(/POST \/transfers \{"citizen":"citizen-\d+","operation":"transfer"/);
  expect(stdout).toContain('statement: the adapter has no such operation');
});
