import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { campaignFiles } from '../../cli/campaign/files.ts';
import { doubtAboutDataDir, prepareDataDir } from '../../cli/hosting/data-dir.ts';
import {
  openLog,
  readOwnFile,
  readSealed,
  replaceFile,
  replaceSealed,
} from '../../cli/hosting/private-files.ts';
import { giveAway, JUDGE, STRANGER } from '../helpers/stranger.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'simcity-files-'));
  file = join(folder, 'file');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a file of one’s own', () => {
  test('is read', () => {
    writeFileSync(file, 'text');
    expect(readOwnFile(file)).toMatchObject({ text: 'text' });
    expect(readOwnFile(join(folder, 'none'))).toBeNull();
    expect(readOwnFile(join(file, 'beneath'))).toBeNull();
  });

  test.each([0o666, 0o620, 0o602])('is not read when others may write it: %o', (mode) => {
    writeFileSync(file, 'text');
    chmodSync(file, mode);
    expect(readOwnFile(file)).toEqual({ doubt: 'other users may write it' });
    expect(readOwnFile(file, null)).toMatchObject({ text: 'text' });
  });

  test('is not read by way of a link, and a folder and a pipe are none', () => {
    writeFileSync(file, 'text');
    symlinkSync('file', join(folder, 'link'));
    expect(readOwnFile(join(folder, 'link'))).toEqual({ doubt: 'it is a symbolic link' });
    expect(readOwnFile(folder)).toEqual({ doubt: 'it is no file' });
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    expect(readOwnFile(join(folder, 'pipe'))).toEqual({ doubt: 'it is no file' });
  });

  test('of another user is not read', () => {
    writeFileSync(file, 'text');
    giveAway(file);
    expect(readOwnFile(file, JUDGE)).toEqual({ doubt: `it belongs to another user, uid ${STRANGER}` });
  });

  test('is replaced as a whole, for its owner alone, and no link is followed', () => {
    writeFileSync(file, 'precious');
    const link = join(folder, 'link');
    symlinkSync('file', link);
    replaceFile(link, () => 'new');
    expect([readFileSync(file, 'utf8'), readFileSync(link, 'utf8')]).toEqual(['precious', 'new']);
    expect(statSync(link).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).sort()).toEqual(['file', 'link']);
  });

  test('that cannot be replaced leaves nothing behind', () => {
    mkdirSync(file);
    expect(() => replaceFile(file, () => 'new')).toThrow();
    expect(() =>
      replaceFile(file, () => {
        throw new Error('no text');
      }),
    ).toThrow('no text');
    expect(readdirSync(folder)).toEqual(['file']);
  });

  test('a log is added to, and no link is followed', () => {
    writeFileSync(file, 'before\n');
    const log = openLog(file);
    writeFileSync(log, 'after\n');
    closeSync(log);
    expect(readFileSync(file, 'utf8')).toBe('before\nafter\n');
    symlinkSync('file', join(folder, 'link'));
    expect(() => openLog(join(folder, 'link'))).toThrow('ELOOP');
  });
});

describe('a sealed file', () => {
  test('knows itself, also under another name, and no copy of it', () => {
    replaceSealed(file, { a: 1 });
    expect(readSealed(file)).toMatchObject({ isSealed: true, value: { a: 1 } });
    renameSync(file, join(folder, 'moved'));
    expect(readSealed(join(folder, 'moved'))).toMatchObject({ isSealed: true });
    copyFileSync(join(folder, 'moved'), file);
    expect(readSealed(file)).toMatchObject({ isSealed: false, value: { a: 1 } });
    writeFileSync(file, '{ "a": 1 }');
    expect(readSealed(file)).toMatchObject({ isSealed: false });
    writeFileSync(file, 'null');
    expect(readSealed(file)).toEqual({ isSealed: false, value: null });
  });

  test('that is no JSON is doubted', () => {
    writeFileSync(file, 'text');
    expect(readSealed(file)).toEqual({ doubt: 'it is not JSON' });
    expect(readSealed(join(folder, 'none'))).toBeNull();
  });
});

describe('a data directory', () => {
  test('is made so that others may look and not write', () => {
    const dataDir = join(folder, 'data');
    const umask = process.umask(0);
    try {
      prepareDataDir(dataDir);
    } finally {
      process.umask(umask);
    }
    expect(statSync(dataDir).mode & 0o777).toBe(0o755);
    expect(statSync(join(dataDir, 'logs')).mode & 0o777).toBe(0o755);
    expect(doubtAboutDataDir(dataDir)).toBeNull();
    expect(prepareDataDir(dataDir)).toEqual({ logDir: join(dataDir, 'logs') });
  });

  test('may be a link of one’s own', () => {
    mkdirSync(join(folder, 'real'));
    symlinkSync('real', join(folder, 'data'));
    prepareDataDir(join(folder, 'data'));
    expect(readdirSync(join(folder, 'real')).sort()).toEqual(['.gitignore', 'logs']);
  });

  test('that every user may write is not used', () => {
    chmodSync(folder, 0o1777);
    expect(() => prepareDataDir(folder)).toThrow(
      `the data directory ${folder} is not used: every user of this machine may write it.`,
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  test('of another user, or with something of another user in it, is not used', () => {
    const dataDir = join(folder, 'data');
    mkdirSync(dataDir);
    giveAway(dataDir);
    expect(doubtAboutDataDir(dataDir, JUDGE)).toBe(`it belongs to another user, uid ${STRANGER}`);
  });

  test.runIf(process.geteuid?.() === 0)(
    'what another user has in it counts, but for what PostgreSQL’s user has (needs root, to give paths away)',
    () => {
      mkdirSync(join(folder, 'postgres'));
      mkdirSync(join(folder, 'logs'));
      giveAway(join(folder, 'postgres'));
      expect(doubtAboutDataDir(folder)).toBeNull();
      giveAway(join(folder, 'logs'));
      expect(doubtAboutDataDir(folder)).toBe(`logs in it belongs to another user, uid ${STRANGER}`);
      const link = join(folder, 'link');
      symlinkSync('nowhere', link);
      giveAway(link);
      expect(doubtAboutDataDir(link)).toBe(`it belongs to another user, uid ${STRANGER}`);
    },
  );

  test('that is not there is in order', () => {
    expect(doubtAboutDataDir(join(folder, 'none'))).toBeNull();
  });
});

describe('the checkpoint of a campaign', () => {
  const state = (modules: { target: string | null; scenario: null; adapter: null }) => ({
    ...{ version: 1 as const, name: 'c', scenario: 'bookings', target: 'memory', modules },
    ...{ config: {}, seeds: [], through: [], operations: 0, seconds: 0, found: [] },
  });

  test('that was copied here executes no file', () => {
    const files = campaignFiles(folder);
    const save = (target: string | null, exec: string | null = null) => {
      mkdirSync(join(folder, 'campaigns'), { recursive: true });
      const modules = { target, scenario: null, adapter: null };
      writeFileSync(files.path('c'), JSON.stringify({ ...state(modules), exec }), { mode: 0o600 });
    };
    save('/evil.ts');
    expect(() => files.load('c')).toThrow(
      /executes files or commands, and its checkpoint was not written here/,
    );
    save(null, 'node evil.js');
    expect(() => files.load('c')).toThrow(/executes files or commands/);
    save(null);
    const loaded = files.load('c');
    expect(loaded.name).toBe('c');
    files.save({ ...loaded, modules: { target: '/mine.ts', scenario: null, adapter: null } });
    expect(files.load('c').modules).toEqual({ target: '/mine.ts', scenario: null, adapter: null });
  });
});
