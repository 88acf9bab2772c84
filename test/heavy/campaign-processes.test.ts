/** A campaign among processes: resumed twice at once, its server killed, worked for by several, stopped and gone on with. */
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join as pathOf } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createApi } from '../../cli/client/api.ts';
import { sizeOf } from '../../server/contract/index.ts';
import { type CliResult, simcity } from '../helpers/cli-process.ts';
import { type TestFolder, testFolder } from '../helpers/folder.ts';
import { layGoldenCluster } from '../helpers/golden-cluster.ts';

const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function folder(): Promise<TestFolder> {
  const made = await testFolder();
  endings.push(() => made.remove());
  return made;
}

interface Started {
  ended: Promise<CliResult>;
  kill(signal: NodeJS.Signals): void;
}

/** Ended at the end of the test at the latest. */
function start(args: string[], cwd: string, onStdout: (text: string) => void = () => {}): Started {
  let kill: Started['kill'] = () => {};
  const ended = simcity(args, {
    ...{ cwd, onStdout },
    onStart: (by) => {
      kill = by;
    },
  });
  endings.push(async () => {
    kill('SIGINT');
    await ended;
  });
  return { ended, kill: (signal) => kill(signal) };
}

/** `simcity up` in the folder. */
async function startServer(cwd: string): Promise<Started & { url: string }> {
  if (!existsSync(`${cwd}/.simcity/postgres`)) layGoldenCluster(`${cwd}/.simcity`);
  const { promise, resolve } = Promise.withResolvers<string>();
  const up = start(['up', '--port', '0'], cwd, (text) => {
    if (text.includes('\n')) resolve(text.split('\n')[0] ?? '');
  });
  return { ...up, url: await Promise.race([promise, up.ended.then(({ stderr }) => Promise.reject(stderr))]) };
}

const checkpointOf = (cwd: string, name: string) => {
  const path = `${cwd}/.simcity/campaigns/${name}.json`;
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
};
const throughOf = (cwd: string, name: string) => sizeOf(checkpointOf(cwd, name)?.tally.through ?? []);
const eventually = <Value>(read: () => Value | Promise<Value>) => expect.poll(read, { timeout: 60_000 });
const ENDLESS = ['campaign', '--seeds', '1..1000000', '--operations', '50', '--no-record', '--log'];

describe('a campaign', () => {
  it('is resumed by one process at a time', async () => {
    const { path } = await folder();
    const first = start([...ENDLESS, '--name', 'one'], path);
    await eventually(() => throughOf(path, 'one')).toBeGreaterThan(0);
    for (const name of [['one'], []]) {
      const second = await simcity(['campaign', '--log', '--resume', ...name], { cwd: path });
      expect(second.exitCode).toBe(2);
      expect(second.stderr).toMatch(/the campaign 'one' is conducted by process \d+ just now/);
    }
    first.kill('SIGINT');
    const { exitCode, stderr } = await first.ended;
    expect(exitCode).toBe(130);
    expect(stderr).toContain('go on with: simcity campaign --resume one');
    // Also after one that could not release it.
    const killed = start(['campaign', '--log', '--no-record', '--resume', 'one'], path);
    const before = throughOf(path, 'one');
    await eventually(() => throughOf(path, 'one')).toBeGreaterThan(before);
    killed.kill('SIGKILL');
    await killed.ended;
    const last = start(['campaign', '--log', '--no-record', '--resume', 'one'], path);
    const then = throughOf(path, 'one');
    await eventually(() => throughOf(path, 'one')).toBeGreaterThan(then);
    last.kill('SIGINT');
    expect((await last.ended).exitCode).toBe(130);
  });

  it('without a server is read in by the next one to host', async () => {
    const { path } = await folder();
    const campaign = start([...ENDLESS, '--name', 'lasting'], path);
    await eventually(() => throughOf(path, 'lasting')).toBeGreaterThan(0);
    campaign.kill('SIGINT');
    expect((await campaign.ended).exitCode).toBe(130);
    const api = createApi({ url: (await startServer(path)).url, token: undefined });
    await eventually(async () => (await api.campaign('lasting'))?.state).toBe('stopped');
    expect((await api.campaign('lasting'))?.seedsThrough).toBe(throughOf(path, 'lasting'));
  });

  it('of a server goes on when that is killed, and is stopped with the process that started it', async () => {
    const { path } = await folder();
    const up = await startServer(path);
    const campaign = start([...ENDLESS, '--name', 'served'], path);
    const api = createApi({ url: up.url, token: undefined });
    const through = async () => (await api.campaign('served').catch(() => null))?.seedsThrough ?? 0;
    await eventually(through).toBeGreaterThan(0);
    expect(await api.campaign('served')).toMatchObject({ state: 'running', seedsTotal: 1_000_000 });
    up.kill('SIGKILL');
    await up.ended;
    // The campaign's own process hosts the directory from then on, at the same address.
    const before = await through();
    await eventually(through).toBeGreaterThan(before);
    campaign.kill('SIGINT');
    const { exitCode, stderr } = await campaign.ended;
    expect(exitCode).toBe(130);
    expect(stderr).toContain('go on with: simcity campaign --resume served');
    const next = createApi({ url: (await startServer(path)).url, token: undefined });
    await eventually(async () => (await next.campaign('served'))?.state).toBe('stopped');
  });

  it('is started on a server and left, joined from elsewhere, watched, stopped and gone on with', async () => {
    const [server, other] = await Promise.all([folder(), folder()]);
    const { url } = await startServer(server.path);
    const there = (...args: string[]) => simcity(['campaign', ...args, '--server', url], { cwd: other.path });
    const settings = ['--operations', '50', '--bug', 'no-idempotency', '--no-record', '--name', 'left'];
    const left = await there('--seeds', '1..1000000', ...settings, '--detach');
    expect(left).toMatchObject({ exitCode: 0, stdout: 'left\n' });
    const api = createApi({ url, token: undefined });
    // The runner of the server works for it, and so does who joins.
    const joined = start(
      ['campaign', '--resume', 'left', '--server', url, '--log', '--parallel', '1'],
      other.path,
    );
    await eventually(async () => (await api.campaign('left'))?.runners).toBe(2);
    const names = (await api.runners()).runners.map(({ work }) => work?.campaign);
    expect(names).toContain('left');
    joined.kill('SIGINT');
    const leaving = await joined.ended;
    expect(leaving.exitCode).toBe(130);
    expect(leaving.stderr).toContain('it goes on; work for it again with: simcity campaign --resume left');
    expect((await api.campaign('left'))?.state).toBe('running');
    const watching = start(['campaign', 'watch', 'left', '--server', url], other.path);
    await eventually(async () => (await api.campaign('left'))?.seedsThrough ?? 0).toBeGreaterThan(0);
    expect((await there('stop', 'left')).stdout).toContain('campaign left is stopped');
    const watched = await watching.ended;
    expect(watched.exitCode).toBe(130);
    expect(watched.stdout).toContain('campaign left');
    const { seedsThrough = 0 } = (await api.campaign('left')) ?? {};
    // More seeds of one that was stopped: what is through is not executed again.
    const again = start(['campaign', '--resume', 'left', '--server', url, '--log'], other.path);
    await eventually(async () => (await api.campaign('left'))?.seedsThrough ?? 0).toBeGreaterThan(
      seedsThrough,
    );
    await api.stopCampaign('left');
    expect((await again.ended).exitCode).toBe(130);
    const unknown = await there('watch', 'nobody');
    expect(unknown).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("no campaign 'nobody'") });
  });

  it('is executed by a runner with its label elsewhere, which knows the server and no database', async () => {
    const [server, other] = await Promise.all([folder(), folder()]);
    const { url } = await startServer(server.path);
    const settings = ['--seeds', '1..2', '--operations', '50', '--bug', 'check-then-insert', '--name', 'far'];
    const there = (...args: string[]) => simcity(['campaign', ...args, '--server', url], { cwd: other.path });
    const begun = await there(...settings, '--label', 'pg18', '--detach');
    expect(begun.stderr).toContain(`simcity campaign watch far --server ${url}`);
    const runner = start(['runner', '--server', url, '--name', 'beyond', '--label', 'pg18'], other.path);
    const api = createApi({ url, token: undefined });
    const isDoneWith = (seedsThrough: number) =>
      expect
        .poll(() => api.campaign('far'), { timeout: 300_000 })
        .toMatchObject({ state: 'done', seedsThrough });
    await isDoneWith(2);
    // A failure is recorded by the server's own runner.
    expect((await api.campaign('far'))?.findings[0]?.run).not.toBeNull();
    expect((await there('--resume', 'far', '--seeds', '3', '--no-record', '--detach')).exitCode).toBe(0);
    await isDoneWith(3);
    expect((await api.shards('far', {})).shards.map((shard) => shard.runner)).toContain('beyond');
    runner.kill('SIGINT');
    expect((await runner.ended).stderr).toContain('set DATABASE_URL to take them, too');
  });

  it('is refused by name where another has it on the server that is named', async () => {
    const [server, other, own] = await Promise.all([folder(), folder(), folder()]);
    const { url } = await startServer(server.path);
    const args = ['campaign', '--seeds', '1..3', '--operations', '50', '--name', 'taken', '--server', url];
    expect((await simcity([...args, '--log'], { cwd: other.path })).exitCode).toBe(0);
    const { exitCode, stderr } = await simcity([...args, '--log'], { cwd: own.path });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('another campaign "taken" here already. Give yours another name.');
    const api = createApi({ url, token: undefined });
    expect(await api.campaign('taken')).toMatchObject({ state: 'done', seedsThrough: 3 });
    // There it goes on from anywhere, with more seeds.
    const more = ['campaign', '--resume', 'taken', '--seeds', '4..5', '--server', url, '--log'];
    expect((await simcity(more, { cwd: own.path })).exitCode).toBe(0);
    expect(await api.campaign('taken')).toMatchObject({ state: 'done', seedsTotal: 5, seedsThrough: 5 });
  });

  it('with code of a user’s is executed where the same code is given, and nowhere else', async () => {
    const [server, one, two] = await Promise.all([folder(), folder(), folder()]);
    const { url } = await startServer(server.path);
    await simcity(['init', one.path], { cwd: one.path });
    const scenario = readdirSync(one.path).find((file) => /scenario.*\.ts$/.test(file));
    if (scenario === undefined) throw new Error('no scenario to start from');
    const args = [`./${scenario}`, '--seeds', '1..4', '--operations', '50', '--no-record', '--name', 'mine'];
    const started = await simcity(['campaign', ...args, '--server', url, '--detach'], { cwd: one.path });
    expect(started.exitCode, started.stderr).toBe(0);
    const join = (cwd: string) =>
      simcity(['campaign', `./${scenario}`, '--resume', 'mine', '--server', url, '--log'], { cwd });
    const code = readFileSync(pathOf(one.path, scenario), 'utf8');
    writeFileSync(pathOf(two.path, scenario), `${code}\n// Another.\n`);
    symlinkSync(pathOf(process.cwd(), 'node_modules'), pathOf(two.path, 'node_modules'));
    const other = await join(two.path);
    expect(other.exitCode).toBe(2);
    expect(other.stderr).toContain('the campaign mine is not executed here: it needs files or commands');
    const same = await join(one.path);
    expect([0, 1], same.stderr).toContain(same.exitCode);
    const api = createApi({ url, token: undefined });
    expect(await api.campaign('mine')).toMatchObject({ state: 'done', seedsThrough: 4 });
  });

  it('that is told to stop when it has come to its end says what came of it', async () => {
    const { path } = await folder();
    const args = ['--seeds', '1..4', '--operations', '200', '--bug', 'check-then-insert', '--name', 'end'];
    const campaign = start(['campaign', ...args, '--log'], path);
    await eventually(() => checkpointOf(path, 'end')?.finished).toBe(true);
    campaign.kill('SIGINT');
    const { exitCode, stdout, stderr } = await campaign.ended;
    expect(exitCode).toBe(1);
    expect(stdout).toContain('campaign end  4 seeds (1..4)');
    expect(stderr).not.toContain('--resume');
  });
});
