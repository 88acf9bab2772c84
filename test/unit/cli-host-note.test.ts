import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  believedNote,
  examineNote,
  type HostNote,
  notePath,
  writeNote,
} from '../../cli/hosting/host-note.ts';
import { listenersAt, parseListeners, usersListeningAt } from '../../cli/hosting/listeners.ts';
import { isOwnAlive, startOf } from '../../cli/hosting/ports.ts';
import { giveAway } from '../helpers/stranger.ts';

const PORTS = new URL('../../cli/hosting/ports.ts', import.meta.url).href;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'simcity-note-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const note = (changes: Partial<HostNote> = {}): HostNote => ({
  url: 'http://127.0.0.1:4600',
  pid: process.pid,
  start: startOf(process.pid),
  command: 'simcity up',
  databaseUrl: 'postgres://simcity:a-B_c@127.0.0.1:5432/postgres',
  token: 'token',
  lasting: true,
  executes: true,
  ...changes,
});

function write(changes: Record<string, unknown> = {}, mode = 0o600): void {
  writeFileSync(notePath(folder), JSON.stringify({ ...note(), ...changes }), { mode });
}

describe('the note of a living process of this user’s', () => {
  test('is believed, and goes with it', () => {
    const remove = writeNote(folder, note());
    expect(examineNote(folder)).toEqual({ note: note(), doubt: null });
    expect(statSync(notePath(folder)).mode & 0o777).toBe(0o600);
    remove();
    expect(examineNote(folder)).toEqual({ note: null, doubt: null });
  });

  test('is not taken away by another that has given way to it', () => {
    const remove = writeNote(folder, note({ pid: 1 }));
    writeNote(folder, note());
    remove();
    expect(believedNote(folder)).toEqual(note());
  });

  test('does not follow a link that lies in its place', () => {
    const precious = join(folder, 'precious');
    writeFileSync(precious, 'precious');
    symlinkSync(precious, notePath(folder));
    writeNote(folder, note());
    expect(readFileSync(precious, 'utf8')).toBe('precious');
    expect(believedNote(folder)).toEqual(note());
  });

  test.each([
    'http://127.0.0.1:1',
    'http://127.1.2.3:1',
    'http://[::1]:1',
    'http://localhost:1',
    // The same address, spelt otherwise.
    'http://2130706433:1',
    null,
  ])('may name %s', (url) => {
    write({ url });
    expect(examineNote(folder)).toMatchObject({ doubt: null });
  });
});

describe('nothing is believed of a note', () => {
  test.each([
    ['http://192.0.2.1:4600'],
    ['http://127.0.0.1.example:4600'],
    ['http://127.0.0.1@evil.example:4600'],
    ['http://localhost.evil.example'],
    ['http://[::ffff:127.0.0.1]:4600'],
    ['http://0.0.0.0:4600'],
    ['ftp://127.0.0.1/'],
  ])('that names %s', (url) => {
    write({ url });
    expect(examineNote(folder)).toEqual({
      note: null,
      doubt: 'the URL that it names is not on the loopback address',
    });
  });

  test.each([
    ['postgres://u:p@db.example/postgres'],
    ['postgres://u:p@127.0.0.1,evil.example:5432/postgres'],
    // The host that the client takes is what stands behind the first @.
    ['postgres://x@evil.example,y@127.0.0.1:5432/postgres'],
    ['postgres://u:p@127.0.0.1:5432/postgres?host=evil.example'],
    ['postgres://u:p@127.0.0.1:5432\\@evil.example/postgres'],
    ['postgres://u:p@127.0.0.1%2Cevil.example/postgres'],
    ['http://127.0.0.1/'],
    [''],
  ])('that names the database %s', (databaseUrl) => {
    write({ databaseUrl });
    expect(examineNote(folder)).toEqual({
      note: null,
      doubt: 'the database that it names is not on the loopback address',
    });
  });

  test.each([
    ['no process', { pid: 2 ** 22 + 1 }],
    ['a group of processes', { pid: -1 }],
    ['no process at all', { pid: 0 }],
    ['an earlier process of the same id', { start: '1' }],
  ])('that names %s', (_, changes) => {
    write(changes);
    expect(examineNote(folder)).toMatchObject({ note: null, left: true });
    expect(believedNote(folder)).toBeNull();
  });

  test.runIf(startOf(process.pid) !== null)('that does not say when its process was started', () => {
    write({ start: null });
    expect(believedNote(folder)).toBeNull();
  });

  test.each([
    [0o620, 'other users may write it'],
    [0o602, 'other users may write it'],
  ])('with the mode %o', (mode, doubt) => {
    const umask = process.umask(0);
    write({}, mode);
    process.umask(umask);
    expect(examineNote(folder)).toEqual({ note: null, doubt });
  });

  test('that is a link, also to one that would be believed', () => {
    write();
    const other = join(folder, 'other');
    mkdirSync(other);
    symlinkSync(notePath(folder), notePath(other));
    expect(examineNote(other)).toEqual({ note: null, doubt: 'it is a symbolic link' });
  });

  test.each(['', 'null', '[]', '{"url":"nowhere"}', '{"url":"http://127.0.0.1:1"}'])(
    'that reads %s',
    (text) => {
      writeFileSync(notePath(folder), text, { mode: 0o600 });
      expect(examineNote(folder)).toEqual({ note: null, doubt: 'it is no note of this version' });
    },
  );

  test.runIf(process.geteuid?.() === 0)(
    'of another user, or in their folder (needs root, to give paths away)',
    () => {
      write();
      giveAway(notePath(folder));
      expect(examineNote(folder)).toEqual({ note: null, doubt: 'it belongs to another user, uid 65534' });
      rmSync(notePath(folder));
      write();
      giveAway(folder);
      expect(examineNote(folder)).toEqual({
        note: null,
        doubt: `${folder} belongs to another user, uid 65534`,
      });
    },
  );
});

describe('a process of this user’s', () => {
  test('is known by its start', () => {
    expect(isOwnAlive(process.pid, startOf(process.pid))).toBe(true);
    expect(isOwnAlive(process.pid, 'another')).toBe(false);
    for (const pid of [0, -1, -process.pid]) expect(isOwnAlive(pid, null)).toBe(false);
  });

  test('is not that of another', () => {
    // Root gives itself up for it, because to root every process answers.
    const code = `const { isOwnAlive, startOf } = await import(${JSON.stringify(PORTS)});
      if (process.geteuid() === 0) {
        process.setgroups([]);
        process.setgid(65534);
        process.setuid(65534);
      }
      process.stdout.write(String(isOwnAlive(1, startOf(1))));`;
    const args = ['--input-type=module', '--eval', code];
    expect(execFileSync(process.execPath, args, { encoding: 'utf8' })).toBe('false');
  });
});

describe('who listens', () => {
  const HEAD =
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
  const line = (address: string, uid: number, state = '0A') =>
    `   0: ${address} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000 ${uid}        0 12345 1 0`;
  /** Port 4600 is 11F8. */
  const table = (...lines: string[]) => parseListeners([HEAD, ...lines, ''].join('\n'), 'LE');
  const at = (url: string, ...lines: string[]) => usersListeningAt(new URL(url), table(...lines));
  const V6_ANY = '0'.repeat(32);
  const V6_LOOPBACK = '00000000000000000000000001000000';
  const V4_MAPPED = '0000000000000000FFFF00000100007F';

  test.each([
    ['http://127.0.0.1:4600', ['0100007F:11F8']],
    ['http://127.0.0.1:4600', ['00000000:11F8']],
    ['http://127.0.0.1:4600', [`${V6_ANY}:11F8`]],
    ['http://127.0.0.1:4600', [`${V4_MAPPED}:11F8`]],
    ['http://[::1]:4600', [`${V6_LOOPBACK}:11F8`]],
    ['http://[::1]:4600', [`${V6_ANY}:11F8`]],
    ['http://127.2.3.4:4600', ['0403027F:11F8']],
    ['http://127.0.0.1/', ['0100007F:0050']],
    ['https://127.0.0.1/', ['0100007F:01BB']],
    ['http://localhost:4600', ['0100007F:11F8']],
    ['http://localhost:4600', [`${V6_LOOPBACK}:11F8`]],
  ])('at %s gets it: %s', (url, [address = '']) => {
    expect(at(url, line(address, 1000))).toEqual([1000]);
  });

  test.each([
    ['http://127.0.0.1:4600', '0100007F:11F9'],
    ['http://127.0.0.1:4600', '0200007F:11F8'],
    ['http://127.0.0.1:4600', `${V6_LOOPBACK}:11F8`],
    ['http://[::1]:4600', '00000000:11F8'],
  ])('at %s does not get it: %s', (url, address) => {
    expect(at(url, line(address, 1000))).toEqual([]);
  });

  test('an address of its own comes before a wildcard, and a connection is no listener', () => {
    expect(at('http://127.0.0.1:4600', line(`${V6_ANY}:11F8`, 1001), line('0100007F:11F8', 1000))).toEqual([
      1000,
    ]);
    expect(at('http://127.0.0.1:4600', line('0100007F:11F8', 1000, '01'))).toEqual([]);
  });

  test('words are in the order of the machine', () => {
    expect(parseListeners([HEAD, line('7F000001:11F8', 5)].join('\n'), 'BE')).toEqual([
      { address: '7F000001', port: 4600, uid: 5 },
    ]);
    expect(parseListeners('', 'LE')).toEqual([]);
  });

  describe('on this machine', () => {
    let server: Server;
    beforeAll(async () => {
      server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    });
    afterAll(() => server.close());

    test.runIf(process.platform === 'linux')(
      'is this user, for a socket of this process (needs Linux)',
      () => {
        const { port } = server.address() as { port: number };
        expect(listenersAt(new URL(`http://127.0.0.1:${port}`))).toEqual([process.geteuid?.()]);
      },
    );
  });
});
