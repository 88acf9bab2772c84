/**
 * A campaign on two hosts beside the same on one: each in a network namespace, held to one processor, both over one
 * PostgreSQL, which shares the first host's processor with the server. SIMCITY_BENCH_SECONDS says how long each campaign is
 * (30), SIMCITY_BENCH_ROUNDS how many there are of each (5).
 */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { type Api, createApi } from '../../cli/client/api.ts';
import type { Campaign } from '../../server/contract/index.ts';
import { createNamespace } from '../chaos/support/namespace.ts';
import { runner, serve } from '../chaos/support/parts.ts';
import type { Starter } from '../chaos/support/row.ts';
import { lacks, lacksNamespaces, programPath } from '../chaos/support/tools.ts';
import { until } from '../chaos/support/until.ts';
import { simcity } from '../helpers/cli-process.ts';
import { startTestPostgres } from '../helpers/postgres.ts';
import { TcpProxy } from '../helpers/tcp-proxy.ts';
import { compared, type Measured, report } from './measure.ts';
import { familySeconds } from './telemetry/processes.ts';

const SECONDS = Number(process.env['SIMCITY_BENCH_SECONDS'] ?? 30);
const ROUNDS = Number(process.env['SIMCITY_BENCH_ROUNDS'] ?? 5);
const SETTINGS = ['--operations', '100', '--no-record', '--for', `${SECONDS}s`];
/** Campaigns have the label of those who are to execute them: the first host alone, or both. */
const CANDIDATES = [
  { name: 'one host', label: 'one' },
  { name: 'two hosts', label: 'both' },
] as const;
const HOSTS = [['one', 'both'], ['both']] as const;
/** A round that is not counted comes first. */
const SPARE = 1;

export async function bench(): Promise<void> {
  const why =
    lacksNamespaces() ??
    lacks('taskset', 'util-linux') ??
    (availableParallelism() < HOSTS.length ? 'there is only one processor' : null);
  if (why !== null) {
    process.stdout.write(`campaign: skipped, ${why}.\n`);
    return;
  }
  holdTo(0);
  const ends: (() => unknown)[] = [];
  const starter: Starter = { tag: `bench.${randomUUID()}`, defer: (end) => ends.push(end) };
  try {
    process.stdout.write(`${await measured(starter)}\n`);
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

async function measured(starter: Starter): Promise<string> {
  const postgres = await startTestPostgres();
  starter.defer(() => postgres.close());
  const databaseUrl = await postgres.createDatabase();
  const namespaces = HOSTS.map(() => createNamespace(starter));
  const names = namespaces.map(({ address }) => address).join(',');
  const server = await serve(starter, databaseUrl, { env: { SIMCITY_ALLOWED_HOSTS: names } });
  for (const [i, { address, prefix }] of namespaces.entries()) {
    const near = async (url: string) => {
      const proxy = await TcpProxy.start(Number(new URL(url).port), address);
      starter.defer(() => proxy.close());
      return proxy.inFrontOf(url);
    };
    await runner(starter, await near(server.url), await near(databaseUrl), {
      prefix: [programPath('taskset') ?? 'taskset', '-c', String(i), ...prefix],
      args: ['--parallel', '1', ...(HOSTS[i] ?? []).flatMap((label) => ['--label', label])],
    });
  }
  const seeds: number[][] = [[], []];
  const processor: number[][] = [[], []];
  for (let round = -SPARE; round < ROUNDS; round++) {
    for (const [i, { label }] of CANDIDATES.entries()) {
      const before = await familySeconds();
      const { seedsThrough } = await executed(server.url, `${label}-${round}`, label);
      const used = (await familySeconds()) - before;
      if (round < 0) continue;
      seeds[i]?.push(seedsThrough / SECONDS);
      processor[i]?.push(seedsThrough / used);
    }
  }
  const named = (rates: number[][]): Measured[] =>
    compared(
      CANDIDATES.map(({ name }) => name),
      rates,
    );
  return [
    report(`seeds of a campaign on memory, ${ROUNDS} times ${SECONDS} s of each in turn`, named(seeds)),
    report('the same by processor time of hosts, server and PostgreSQL together', named(processor)),
  ].join('\n');
}

async function executed(url: string, name: string, label: string): Promise<Campaign> {
  const args = ['campaign', ...SETTINGS, '--name', name, '--label', label, '--server', url, '--detach'];
  const { exitCode, stderr } = await simcity(args);
  if (exitCode !== 0) throw new Error(stderr);
  const api: Api = createApi({ url, token: undefined });
  return until(`the campaign ${name} is done`, (SECONDS + 60) * 1_000, async () => {
    const campaign = await api.campaign(name);
    return campaign?.state === 'done' && campaign;
  });
}

/** This process, and all that it starts from now on. */
function holdTo(processor: number): void {
  const taskset = programPath('taskset') ?? 'taskset';
  execFileSync(taskset, ['-a', '-p', '-c', String(processor), String(process.pid)], { stdio: 'ignore' });
}
