/** A campaign among processes: resumed twice at once, its server killed, its name taken, Ctrl-C at its very end. */
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { createApi } from '../../cli/client/api.ts';
import { sizeOf } from '../../server/contract/index.ts';
import { type CliResult, simcity } from '../helpers/cli-process.ts';
import { type TestFolder, testFolder } from '../helpers/folder.ts';

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
const throughOf = (cwd: string, name: string) => sizeOf(checkpointOf(cwd, name)?.through ?? []);
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

  it('goes on when its server is killed, and is read in by the next one to host', async () => {
    const { path } = await folder();
    const up = await startServer(path);
    const campaign = start([...ENDLESS, '--name', 'lasting'], path);
    const api = createApi({ url: up.url, token: undefined });
    await eventually(async () => (await api.campaign('lasting'))?.seedsThrough ?? 0).toBeGreaterThan(0);
    expect(await api.campaign('lasting')).toMatchObject({ state: 'running', seedsTotal: 1_000_000 });
    up.kill('SIGKILL');
    await up.ended;
    const before = throughOf(path, 'lasting');
    await eventually(() => throughOf(path, 'lasting')).toBeGreaterThan(before);
    campaign.kill('SIGINT');
    expect((await campaign.ended).exitCode).toBe(130);

    const next = createApi({ url: (await startServer(path)).url, token: undefined });
    await eventually(async () => (await next.campaign('lasting'))?.state).toBe('interrupted');
    expect((await next.campaign('lasting'))?.seedsThrough).toBe(throughOf(path, 'lasting'));
  });

  it('is refused by name where another has it on the server that is named', async () => {
    const [server, other, own] = await Promise.all([folder(), folder(), folder()]);
    const { url } = await startServer(server.path);
    const args = ['campaign', '--seeds', '1..3', '--operations', '50', '--name', 'taken', '--server', url];
    expect((await simcity([...args, '--log'], { cwd: other.path })).exitCode).toBe(0);
    const { exitCode, stderr } = await simcity([...args, '--log'], { cwd: own.path });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('"taken" is another one here, of another directory. Give yours another name.');
    const api = createApi({ url, token: undefined });
    expect(await api.campaign('taken')).toMatchObject({ state: 'done', seedsThrough: 3 });
    // There it goes on, with more seeds.
    const more = ['campaign', '--resume', 'taken', '--seeds', '4..5', '--server', url, '--log'];
    expect((await simcity(more, { cwd: other.path })).exitCode).toBe(0);
    expect(await api.campaign('taken')).toMatchObject({ state: 'done', seedsTotal: 5, seedsThrough: 5 });
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
