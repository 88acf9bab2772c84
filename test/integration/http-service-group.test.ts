/** Several instances of a service, spoken to in turn; one is killed while the others answer, and comes back. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { resolveService, type ServiceAddress } from '../../runner/targets/http/address.ts';
import { ServiceGroup } from '../../runner/targets/http/service-group.ts';
import { Wire } from '../../runner/targets/http/wire.ts';
import { answerJson, smallServer } from '../helpers/small-server.ts';

const SERVICE = `
  const port = Number(process.argv[2]);
  if (process.env.PORT !== String(port)) throw new Error('two ports');
  require('node:http').createServer((_, response) => response.end(String(port))).listen(port, '127.0.0.1');
  console.log('listening');`;
const get = { method: 'GET', path: '/', headers: {}, body: null };

let folder: string;
let group: ServiceGroup | null = null;
let wire: Wire | null = null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'simcity-group-'));
  writeFileSync(join(folder, 'service.cjs'), SERVICE);
});
afterEach(async () => {
  wire?.close();
  await group?.close();
  rmSync(folder, { recursive: true });
});

async function answersAt(address: ServiceAddress): Promise<boolean> {
  const probe = new Wire(address, 1);
  const exchange = await probe.exchange(get, { deadlineMs: 1_000 });
  probe.close();
  return exchange.kind === 'answer';
}

/** Who answered so many requests, one after the other. */
async function answered(by: Wire, requests: number): Promise<string[]> {
  const who: string[] = [];
  for (let i = 0; i < requests; i++) {
    const exchange = await by.exchange(get, { deadlineMs: 2_000 });
    who.push(exchange.kind === 'answer' ? exchange.body : exchange.cause);
  }
  return who;
}

it('takes turns, goes on with the others while one is killed, and starts that again', async () => {
  // A port that is free now, for the first.
  const before = await smallServer((_, response) => answerJson(response, 200));
  await before[Symbol.asyncDispose]();
  const exec = `${process.execPath} ${join(folder, 'service.cjs')} {port}`;
  group = await ServiceGroup.of(exec, await resolveService(before.url), 3, answersAt);
  const ports = group.addresses.map(({ port }) => String(port));
  expect([ports[0], new Set(ports).size]).toEqual([String(before.port), 3]);
  await group.start();
  expect(group.running).toBe(true);
  wire = new Wire(group.addresses, 4);
  expect(await wire.pin(1_000)).toBe(true);
  expect(await answered(wire, 6)).toEqual([...ports, ...ports]);

  await group.kill(4);
  expect([group.running, group.ends]).toEqual([false, 0]);
  expect(await wire.pin(1_000)).toBe(false);
  expect(new Set(await answered(wire, 6))).toEqual(new Set([ports[0], ports[2]]));
  await group.start();
  expect(new Set(await answered(wire, 3))).toEqual(new Set(ports));
  expect(group.report()).toMatchObject({ instances: 3, starts: 4, kills: 1, ends: 0 });
  expect(group.report().stdout).toEqual(expect.arrayContaining(['1: listening', '3: listening']));
  await group.close();
  expect(await wire.exchange(get, { deadlineMs: 1_000 })).toMatchObject({ kind: 'none', whole: false });
});

it('of several URLs each is spoken to in turn, on kept connections', async () => {
  await using first = await smallServer((_, response) => answerJson(response, 200, 1));
  await using second = await smallServer((_, response) => answerJson(response, 200, 2));
  const urls = [`${first.url}/one`, second.url];
  wire = new Wire(await Promise.all(urls.map((url) => resolveService(url))), 4);
  expect(await answered(wire, 5)).toEqual(['1', '2', '1', '2', '1']);
  expect([first.asked[0]?.path, second.asked[0]?.path]).toEqual(['/one/', '/']);
  const cut = await wire.exchange(get, { deadlineMs: 1_000, cut: 'request', cutAt: 0.05 });
  expect(cut).toMatchObject({ kind: 'none', whole: false, cause: expect.stringContaining('was cut') });
});
