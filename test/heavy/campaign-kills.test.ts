/**
 * Eight claimants of one campaign over one database, with kill -9 of claimants and of the server at moments drawn from a
 * seed: what is found equals what an undisturbed campaign finds, exactly, and no seed is executed for it twice or left out.
 * SIMCITY_CAMPAIGN_KILLS says how often (2), SIMCITY_CAMPAIGN_SEEDS of how many seeds (4,000).
 */
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApi } from '../../cli/client/api.ts';
import { Prng } from '../../runner/sim/prng.ts';
import { type Campaign, formatSignature } from '../../server/contract/index.ts';
import type { Sql } from '../../server/db/client.ts';
import { tallyOfFinding } from '../helpers/campaign-findings.ts';
import { type CliResult, simcity } from '../helpers/cli-process.ts';
import { type TestFolder, testFolder } from '../helpers/folder.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';

const REPETITIONS = Number(process.env['SIMCITY_CAMPAIGN_KILLS'] ?? 2);
const SEEDS = Number(process.env['SIMCITY_CAMPAIGN_SEEDS'] ?? 4_000);
const CLAIMANTS = 8;
const KILLS = 8;
const SETTINGS = ['--operations', '50', '--bug', 'check-then-insert', '--no-record'];

interface Process {
  ended: Promise<CliResult>;
  kill(signal: NodeJS.Signals): void;
}

let postgres: TestPostgres;
let sql: Sql;
let databaseUrl: string;
let folder: TestFolder;
const processes = new Set<Process>();
beforeAll(async () => {
  folder = await testFolder();
  postgres = await startTestPostgres();
  databaseUrl = await postgres.createDatabase();
  sql = postgres.open(databaseUrl);
});
afterAll(async () => {
  for (const process of processes) process.kill('SIGKILL');
  await Promise.all([...processes].map(({ ended }) => ended));
  await postgres.close();
  await folder.remove();
});

function start(args: string[], onStdout: (text: string) => void = () => {}): Process {
  let kill: Process['kill'] = () => {};
  const ended = simcity(args, {
    ...{ cwd: folder.path, env: { DATABASE_URL: databaseUrl }, onStdout },
    onStart: (by) => {
      kill = by;
    },
  });
  const started = { ended, kill: (signal: NodeJS.Signals) => kill(signal) };
  processes.add(started);
  void ended.finally(() => processes.delete(started));
  return started;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function serve(port: number): Promise<Process> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const server = start(['serve', '--port', String(port)], (text) => text.includes('\n') && resolve());
  await Promise.race([promise, server.ended.then(({ stderr }) => Promise.reject(new Error(stderr)))]);
  return server;
}

/** What must be the same, whoever executed it. */
function found({ seedsThrough, operations, reached, proved, identical, findings, shardsLost }: Campaign) {
  const tallies = findings
    .map((finding) => ({ ...tallyOfFinding(finding), known: undefined }))
    .sort((one, other) => (formatSignature(one.signature) < formatSignature(other.signature) ? -1 : 1));
  return { seedsThrough, operations, reached, proved, identical, shardsLost, tallies };
}

/** Of an undisturbed campaign: one process, without a server. */
async function undisturbed(): Promise<ReturnType<typeof found>> {
  const alone = await testFolder();
  const args = ['campaign', '--seeds', `1..${SEEDS}`, ...SETTINGS, '--json', '--parallel', '2'];
  const { stdout, stderr } = await simcity(args, { cwd: alone.path });
  await alone.remove();
  const campaign = JSON.parse(stdout || `"${stderr}"`) as Campaign & { failures: Campaign['findings'] };
  return found({ ...campaign, findings: campaign.failures });
}

it(`finds the same with kill -9 of claimants and servers, ${REPETITIONS} times of ${SEEDS} seeds`, async () => {
  const expected = await undisturbed();
  expect(expected.tallies.length).toBeGreaterThan(0);
  expect(expected.seedsThrough).toBe(SEEDS);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const api = createApi({ url, token: undefined });
  const killed = { claimants: 0, servers: 0 };
  let server = await serve(port);
  for (let repetition = 1; repetition <= REPETITIONS; repetition++) {
    const name = `killed-${repetition}`;
    const prng = new Prng(repetition, 'chaos');
    const begun = [
      'campaign',
      '--seeds',
      `1..${SEEDS}`,
      ...SETTINGS,
      '--name',
      name,
      '--server',
      url,
      '--detach',
    ];
    expect((await start(begun).ended).exitCode).toBe(0);
    const join = () =>
      start(['campaign', '--resume', name, '--server', url, '--parallel', '1', '--no-record', '--log']);
    const claimants = Array.from({ length: CLAIMANTS }, join);
    for (let kill = 1; kill <= KILLS; kill++) {
      const atLeast = Math.floor((SEEDS * kill) / (KILLS + 2));
      const isThere = async () => {
        const [row] = await sql<{ through: number }[]>`
          select coalesce(sum(seeds_through), 0)::bigint as through from simcity_campaign_shards where campaign = ${name}`;
        return row?.through ?? 0;
      };
      await expect.poll(isThere, { timeout: 300_000, interval: 50 }).toBeGreaterThanOrEqual(atLeast);
      if (kill === KILLS / 2 || prng.below(4) === 0) {
        server.kill('SIGKILL');
        await server.ended;
        server = await serve(port);
        killed.servers += 1;
      } else {
        const at = prng.below(CLAIMANTS);
        claimants[at]?.kill('SIGKILL');
        await claimants[at]?.ended;
        claimants[at] = join();
        killed.claimants += 1;
      }
    }
    const state = async () => (await api.campaign(name).catch(() => null))?.state;
    await expect.poll(state, { timeout: 300_000, interval: 100 }).toBe('done');
    const campaign = await api.campaign(name);
    if (campaign === null) throw new Error('the campaign is gone');
    expect(found(campaign)).toEqual(expected);
    const [shards] = await sql<{ whole: boolean; sum: number }[]>`
      select range_agg(seeds) = simcity_seeds(${`[[1,${SEEDS}]]`}::text::jsonb) as whole, sum(seeds_total)::bigint as sum
      from simcity_campaign_shards where campaign = ${name} and state = 'done'`;
    expect(shards).toEqual({ whole: true, sum: SEEDS });
    // One that began while no server was there has left at once.
    for (const { exitCode } of await Promise.all(claimants.map(({ ended }) => ended)))
      expect([1, 4]).toContain(exitCode);
  }
  console.log(`killed ${killed.claimants} claimants and ${killed.servers} servers`);
  server.kill('SIGINT');
  await server.ended;
});
