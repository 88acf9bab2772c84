/**
 * A campaign of a service behind the gate, worked for by two hosts at once, each with a service and a database of its
 * own: a host whose command starts something else leaves it alone, and what two find is what one finds.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Api, createApi } from '../../cli/client/api.ts';
import { createNamespace, type Namespace } from '../chaos/support/namespace.ts';
import { type Command, type Serving, startSimcity, up } from '../chaos/support/parts.ts';
import type { Starter } from '../chaos/support/row.ts';
import { lacksNamespaces } from '../chaos/support/tools.ts';
import { until } from '../chaos/support/until.ts';
import { tallyOfFinding } from '../helpers/campaign-findings.ts';
import { startTestPostgres } from '../helpers/postgres.ts';
import { surveyed } from '../helpers/surveyed-service.ts';
import { TcpProxy } from '../helpers/tcp-proxy.ts';

const SERVICE = `${process.execPath} ${process.cwd()}/test/fixtures/gate-services/tickets.ts`;
const BUGGY = `${SERVICE} --bug check-then-insert`;
/** Of a namespace each of the hosts has its own. */
const URL_OF_EACH = 'http://127.0.0.1:8080';
const SEEDS = 10;

const ends: (() => unknown)[] = [];
const starter: Starter = { tag: `gated.${randomUUID()}`, defer: (end) => ends.push(end) };
let server: Serving;
let api: Api;
let namespaces: Namespace[];
beforeAll(async () => {
  if (lacksNamespaces() !== null) return;
  const postgres = await startTestPostgres();
  starter.defer(() => postgres.close());
  namespaces = Array.from({ length: 3 }, () => createNamespace(starter));
  const names = namespaces.map(({ address }) => address).join(',');
  server = await up(starter, await postgres.createDatabase(), { env: { SIMCITY_ALLOWED_HOSTS: names } });
  api = createApi({ url: server.url, token: undefined });
});
afterAll(async () => {
  for (const end of ends.reverse()) await end();
});

const gated = (exec: string) => ['--target', URL_OF_EACH, '--exec', exec, '--gate'];

async function startedIn({ address, prefix }: Namespace, command: string, args: string[]): Promise<Command> {
  const proxy = await TcpProxy.start(Number(new URL(server.url).port), address);
  starter.defer(() => proxy.close());
  return await startSimcity(starter, [command, ...args, '--server', proxy.inFrontOf(server.url)], { prefix });
}

/** By the first of the namespaces; `meanwhile` is called once it is under way. */
async function found(name: string, meanwhile: () => Promise<unknown> = async () => undefined) {
  const settings = [...surveyed('restart'), '--operations', '150'];
  const command = await startedIn(namespaces[0] as Namespace, 'campaign', [
    ...['--name', name, '--seeds', `1..${SEEDS}`, '--parallel', '1', '--no-record', '--log', ...settings],
    ...gated(BUGGY),
  ]);
  await until(
    `${name} is under way`,
    120_000,
    async () => (await api.campaign(name).catch(() => null)) !== null,
  );
  await meanwhile();
  expect([0, 1], command.stderr).toContain(await command.ended);
  const { seedsThrough = 0, findings = [] } = (await api.campaign(name)) ?? {};
  const tallies = findings.map(tallyOfFinding);
  return { seedsThrough, tallies };
}

it.skipIf(lacksNamespaces() !== null)('is found by two hosts as by one', async () => {
  const byOne = await found('by-one');
  expect(byOne.seedsThrough).toBe(SEEDS);
  expect(byOne.tallies.length).toBeGreaterThan(0);
  const work = async () => (await api.runners()).runners.filter((one) => one.work?.campaign === 'by-two');
  let most = 0;
  const byTwo = await found('by-two', async () => {
    const [, second, third] = namespaces as [Namespace, Namespace, Namespace];
    await startedIn(second, 'runner', ['--name', 'second', ...gated(BUGGY)]);
    const other = await startedIn(third, 'runner', ['--name', 'third', ...gated(SERVICE)]);
    await until('two work for it', 120_000, async () => {
      most = Math.max(most, (await work()).length);
      return most === 2;
    });
    await until('the other says why it does not', 60_000, () =>
      /by-two is not executed here: it needs files or commands/.test(other.stderr),
    );
    expect((await work()).map(({ name }) => name)).not.toContain('third');
  });
  expect(byTwo).toEqual(byOne);
});
