/** Which server is talked to, and what it is sent: by real requests to a server that keeps their headers. */
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createApi } from '../../cli/client/api.ts';
import { quickRuns } from '../../cli/client/quick-runs.ts';
import { cityDatabase } from '../../cli/hosting/city-database.ts';
import { connectToRunning, sharedDatabaseUrl } from '../../cli/hosting/connect.ts';
import { findServer, passedOver } from '../../cli/hosting/find-server.ts';
import { writeNote } from '../../cli/hosting/host-note.ts';
import { recallExec, recallGate, recallModules } from '../../cli/hosting/modules.ts';
import { startOf } from '../../cli/hosting/ports.ts';
import { replaceSealed } from '../../cli/hosting/private-files.ts';
import type { Context } from '../../cli/process/context.ts';
import { CHALLENGE_HEADER, PROOF_HEADER, proofOf } from '../../server/contract/host-proof.ts';
import { recordedRun } from '../helpers/recorded-run.ts';

let folder: string;
let dataDir: string;
let server: Server;
let url: string;
/** The Authorization of each request. */
let got: (string | undefined)[];
/** What the server knows to prove that it is the one of the note. */
let secret: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'simcity-find-'));
  dataDir = join(folder, 'data');
  mkdirSync(dataDir);
  got = [];
  secret = OF_THE_NOTE;
  server = createServer(({ headers, url: path }, response) => {
    if (path === '/healthz') {
      const challenge = String(headers[CHALLENGE_HEADER]);
      const proof = proofOf(secret, challenge, headers.host ?? '');
      response.setHeader(PROOF_HEADER, proof).end('{}');
      return;
    }
    got.push(headers.authorization);
    const error = { code: 'unauthorized', message: 'this server wants a token' };
    response.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const TOKEN = 'of-the-user';
const OF_THE_NOTE = 'of-the-note';

function context(env: Record<string, string> = {}, fileServer?: Context['fileServer']): Context {
  return {
    // A data directory that is named keeps the usual port out of it.
    env: { SIMCITY_TOKEN: TOKEN, SIMCITY_DATA_DIR: dataDir, ...env },
    fileServer,
    cwd: folder,
    isTerminal: { stdin: false, stdout: false, stderr: false },
    out: async () => {},
    err: () => {},
    leaving: new AbortController().signal,
    onSignal: () => () => {},
    leave: () => {},
    atExit: () => () => {},
    atExitSync: () => () => {},
  };
}

const inFile = (token?: string) => ({ url, token, file: 'simcity.config.json' });
const note = () => ({
  ...{ url, pid: process.pid, start: startOf(process.pid), command: 'simcity up', token: OF_THE_NOTE },
  ...{ lasting: true, executes: true },
  databaseUrl: 'postgres://simcity:x@127.0.0.1:5432/postgres',
});

describe('the token of the user', () => {
  test('goes where a flag or the environment names the server', async () => {
    const byFlag = await findServer(context({}, inFile()), { server: url });
    expect(byFlag).toEqual({ connection: { url, token: TOKEN, origin: 'flag' }, named: true });
    const byVariable = await findServer(context({ SIMCITY_URL: url }, inFile()), {});
    expect(byVariable).toEqual({ connection: { url, token: TOKEN, origin: 'environment' }, named: true });
  });

  test('does not go where a file names it, and the refusal says why', async () => {
    const found = await findServer(context({}, inFile()), {});
    expect(found).toEqual({ connection: { url, token: undefined, origin: 'file' }, named: true });
    await expect(createApi(found!.connection).runs({})).rejects.toMatchObject({
      message: 'this server wants a token',
      hint: expect.stringMatching(
        /^SIMCITY_TOKEN is only sent where --server or SIMCITY_URL names the server/,
      ),
    });
    expect(got).toEqual([undefined]);
  });

  test('is asked for by a server that a flag names', async () => {
    const found = await findServer(context(), { server: url });
    await expect(createApi(found!.connection).runs({})).rejects.toMatchObject({
      hint: 'Set SIMCITY_TOKEN to a token that this server takes.',
    });
    expect(got).toEqual([`Bearer ${TOKEN}`]);
  });

  test('does not go where a note names it: that gets the token of the note', async () => {
    writeNote(dataDir, note());
    const found = await findServer(context(), {});
    expect(found).toEqual({ connection: { url, token: 'of-the-note', origin: 'note' }, named: false });
    // It was asked whether it is the one, and sent nothing for that.
    expect(got).toEqual([]);
  });

  test('nor does the token of the note go to one that does not know it', async () => {
    secret = 'of-another-directory';
    writeNote(dataDir, note());
    expect(await findServer(context(), {})).toBeNull();
    expect(got).toEqual([]);
  });

  test('a file that names both sends its own token to its own server', async () => {
    const found = await findServer(context({}, inFile('of-the-file')), {});
    expect(found?.connection).toEqual({ url, token: 'of-the-file', origin: 'file' });
  });

  test('does not go anywhere for the completion of a command line', async () => {
    writeFileSync(join(folder, 'simcity.config.json'), JSON.stringify({ server: url }));
    expect(await quickRuns(context())).toEqual([]);
    expect(got).toEqual([undefined]);
  });
});

describe('a note that is not believed', () => {
  const DOUBT = 'other users may write it';
  test('names no server and no database, and whoever finds none is told', async () => {
    writeNote(dataDir, note());
    expect((await findServer(context(), {}))?.connection.origin).toBe('note');
    expect(sharedDatabaseUrl(context(), {})).toBe(note().databaseUrl);
    expect((await cityDatabase(context(), {}, { target: 'postgres', isGated: false }, null)).url).toBe(
      note().databaseUrl,
    );
    got = [];
    chmodSync(join(dataDir, 'server.json'), 0o666);
    expect(await findServer(context(), {})).toBeNull();
    expect(sharedDatabaseUrl(context(), {})).toBeNull();
    expect(got).toEqual([]);
    const path = join(dataDir, 'server.json');
    expect(passedOver(context(), {})).toEqual([`${path} is not believed: ${DOUBT}.`]);
    await expect(
      connectToRunning(context(), {}, { command: 'a test', progress: () => {} }),
    ).rejects.toMatchObject({
      exitCode: 4,
      hint: expect.stringMatching(new RegExp(`${DOUBT}\\. Start one with`)),
    });
  });

  test('of a process that is gone is passed over in silence', async () => {
    writeNote(dataDir, { ...note(), start: 'another' });
    expect(await findServer(context(), {})).toBeNull();
    expect(passedOver(context(), {})).toEqual([]);
  });

  test('a host that is not on loopback is to be named', async () => {
    writeNote(dataDir, { ...note(), url: null });
    expect(await findServer(context(), {})).toBeNull();
    expect(passedOver(context(), {})).toEqual([
      `simcity up, process ${process.pid}, does not listen on the loopback address: name it by its address.`,
    ]);
    expect(sharedDatabaseUrl(context(), {})).toBe(note().databaseUrl);
  });
});

describe('what a run executed of the user’s', () => {
  const run = recordedRun({ target: 'http://127.0.0.1:1' });
  const own = { target: null, scenario: null, adapter: null, exec: 'touch executed' };

  test('is recalled where it was written, and not from a copy', () => {
    replaceSealed(join(dataDir, 'modules.json'), { runs: { [run.id]: own } });
    expect(recallExec(context(), {}, run)).toBe('touch executed');
    const path = join(dataDir, 'modules.json');
    renameSync(path, join(folder, 'moved'));
    copyFileSync(join(folder, 'moved'), path);
    expect(recallExec(context(), {}, run)).toBeNull();
    expect(recallModules(context(), {}, run)).toBeUndefined();
  });

  test('likewise what is behind its gate, without which nothing of it is executed again', () => {
    const config = { ...run.config, gate: 'keep' as const };
    const gate = { url: 'postgres://u:p@h/d', schema: null, prepare: 'touch executed', large: false };
    expect(recallGate(context(), {}, run)).toBeNull();
    const path = join(dataDir, 'modules.json');
    replaceSealed(path, { runs: { [run.id]: { ...own, gate } } });
    expect(recallGate(context(), {}, { ...run, config })).toEqual({ exec: 'touch executed', gate });
    expect(statSync(path).mode & 0o077).toBe(0);
    renameSync(path, join(folder, 'moved'));
    copyFileSync(join(folder, 'moved'), path);
    expect(() => recallGate(context(), {}, { ...run, config })).toThrow('was not launched from here');
  });
});
