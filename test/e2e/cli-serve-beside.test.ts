/** Servers at one database of the user's: any number in one directory, the first of which is found there. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { believedNote } from '../../cli/hosting/host-note.ts';
import { type CliResult, simcity } from '../helpers/cli-process.ts';
import { type TestFolder, testFolder } from '../helpers/folder.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { call, launch } from '../helpers/server.ts';

let postgres: TestPostgres;
let folder: TestFolder;
let databaseUrl: string;
beforeAll(async () => {
  postgres = await startTestPostgres();
  folder = await testFolder();
  databaseUrl = await postgres.createDatabase();
});
afterAll(async () => {
  await postgres.close();
  await folder.remove();
});

const started: Served[] = [];
/** Of a test that failed. */
afterEach(() => Promise.all(started.splice(0).map((each) => each.end('SIGTERM'))));

interface Served {
  url: string;
  end(signal: NodeJS.Signals): Promise<CliResult>;
}

function serve(): Promise<Served> {
  return new Promise((resolve, reject) => {
    let kill: (signal: NodeJS.Signals) => void = () => {};
    const ended = simcity(['serve', '--port', '0'], {
      cwd: folder.path,
      env: { DATABASE_URL: databaseUrl },
      onStart: (of) => {
        kill = of;
      },
      onStdout: (text) => {
        const end = (signal: NodeJS.Signals) => {
          kill(signal);
          return ended;
        };
        if (!text.includes('\n')) return;
        const served = { url: text.trim(), end };
        started.push(served);
        resolve(served);
      },
    });
    ended.then(({ stderr }) => reject(new Error(`serve ended: ${stderr}`)), reject);
  });
}

const found = () => believedNote(`${folder.path}/.simcity`)?.url ?? null;
const runs = async () => {
  const { exitCode, stdout, stderr } = await simcity(['runs', '--json'], { cwd: folder.path });
  expect(exitCode, stderr).toBe(0);
  return stdout;
};

test('two serve the same, the first is found, and the other in its place when it is gone', async () => {
  const first = await serve();
  const second = await serve();
  expect(found()).toBe(first.url);
  const { id } = await launch(first.url);
  expect((await call(second.url, 'GET', '/readyz')).status).toBe(200);
  expect(JSON.stringify((await call(second.url, 'GET', '/api/ops/simcity/runs')).body)).toContain(id);
  expect(await runs()).toContain(id);

  await first.end('SIGKILL');
  await expect.poll(found, { timeout: 30_000 }).toBe(second.url);
  expect(await runs()).toContain(id);

  // Told to end, one leaves nothing by which it would be looked for.
  const third = await serve();
  expect((await second.end('SIGTERM')).exitCode).toBe(143);
  await expect.poll(found, { timeout: 30_000 }).toBe(third.url);
  expect((await third.end('SIGTERM')).exitCode).toBe(143);
  expect(found()).toBe(null);
});

test('one without a database of the user’s has the directory to itself', async () => {
  const other = await serve();
  const { exitCode, stderr } = await simcity(['serve', '--port', '0'], { cwd: folder.path });
  expect({ exitCode, stderr }).toEqual({
    exitCode: 4,
    stderr: expect.stringContaining('is in use by another SimCity'),
  });
  await other.end('SIGTERM');
});
