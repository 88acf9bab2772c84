import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cachePlace } from '../../cli/process/compile-cache.ts';
import { isStranger, ownUser, privateFolder, strangerAt } from '../../cli/process/ownership.ts';
import { giveAway, JUDGE, STRANGER } from '../helpers/stranger.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'simcity-ownership-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const modeOf = (path: string) => statSync(path).mode & 0o7777;

describe('whom a path belongs to', () => {
  test('oneself and root are no strangers, and nobody is one where there are no users', () => {
    expect([isStranger(1000, 1000), isStranger(0, 1000), isStranger(1001, 1000)]).toEqual([
      false,
      false,
      true,
    ]);
    expect([isStranger(1000, 0), isStranger(1000, null)]).toEqual([true, false]);
  });

  test('a path of one’s own, and one that is not there', () => {
    writeFileSync(join(folder, 'own'), '');
    expect(strangerAt(join(folder, 'own'))).toBeNull();
    expect(strangerAt(join(folder, 'none'))).toBeNull();
    expect(strangerAt(join(folder, 'own', 'beneath a file'))).toBeNull();
  });

  test('a path of another user', () => {
    const path = join(folder, 'file');
    writeFileSync(path, '');
    giveAway(path);
    expect(strangerAt(path, JUDGE)).toEqual({ path, uid: STRANGER });
  });

  test.runIf(process.geteuid?.() === 0)(
    'each link on the way counts, and what it leads to (needs root, to give paths away)',
    () => {
      const [own, foreign, first, second] = ['own', 'foreign', 'first', 'second'].map((name) =>
        join(folder, name),
      ) as [string, string, string, string];
      writeFileSync(own, '');
      writeFileSync(foreign, '');
      symlinkSync('second', first);
      symlinkSync(own, second);
      expect(strangerAt(first)).toBeNull();
      giveAway(second);
      expect(strangerAt(first)).toEqual({ path: second, uid: STRANGER });
      rmSync(second);
      symlinkSync(foreign, second);
      giveAway(foreign);
      expect(strangerAt(first)).toEqual({ path: foreign, uid: STRANGER });
      // A link to nowhere is still somebody's.
      rmSync(foreign);
      giveAway(first);
      expect(strangerAt(first)).toEqual({ path: first, uid: STRANGER });
    },
  );

  test('links in a circle are an error', () => {
    symlinkSync('b', join(folder, 'a'));
    symlinkSync('a', join(folder, 'b'));
    expect(() => strangerAt(join(folder, 'a'))).toThrow('too many symbolic links');
  });
});

describe('a private folder', () => {
  test('is made for this user alone, and found again', () => {
    const made = privateFolder(folder, ['a', 'b']);
    expect(made).toBe(join(folder, 'a', 'b'));
    expect([modeOf(join(folder, 'a')), modeOf(join(folder, 'a', 'b'))]).toEqual([0o700, 0o700]);
    expect(privateFolder(folder, ['a', 'b'])).toBe(made);
  });

  test('may be in a folder that others may read, and in one that only keeps each what is theirs', () => {
    mkdirSync(join(folder, '.cache'), { mode: 0o755 });
    expect(privateFolder(folder, ['.cache', 'simcity'])).not.toBeNull();
    chmodSync(folder, 0o1777);
    expect(privateFolder(folder, ['simcity'])).not.toBeNull();
  });

  test.each([
    ['others may enter', 0o711, 0o755],
    ['others may write', 0o722, 0o755],
    ['others may read', 0o744, 0o755],
    ['others may write the one above', 0o700, 0o777],
    ['the group may write the one above', 0o700, 0o775],
  ])('is none where %s', (_, mode, above) => {
    mkdirSync(join(folder, 'a'));
    mkdirSync(join(folder, 'a', 'b'));
    chmodSync(join(folder, 'a', 'b'), mode);
    chmodSync(join(folder, 'a'), above);
    expect(privateFolder(folder, ['a', 'b'])).toBeNull();
  });

  test('is none in a base that others may write', () => {
    mkdirSync(join(folder, 'base'));
    chmodSync(join(folder, 'base'), 0o777);
    expect(privateFolder(join(folder, 'base'), ['a'])).toBeNull();
  });

  test('is none by way of a link, nor in the place of a file', () => {
    mkdirSync(join(folder, 'elsewhere'), { mode: 0o700 });
    symlinkSync('elsewhere', join(folder, 'link'));
    writeFileSync(join(folder, 'file'), '');
    expect(privateFolder(folder, ['link'])).toBeNull();
    expect(privateFolder(folder, ['file'])).toBeNull();
    expect(privateFolder(folder, ['link', 'a'])).toBeNull();
  });

  test('is none where another user made it, or what it is in', () => {
    for (const name of ['a', 'b']) mkdirSync(join(folder, name), { mode: 0o700 });
    giveAway(join(folder, 'a'), join(folder, 'b'));
    expect(privateFolder(folder, ['a'], JUDGE)).toBeNull();
    expect(privateFolder(folder, ['a', 'b'], JUDGE)).toBeNull();
    expect(privateFolder(join(folder, 'b'), ['c'], JUDGE)).toBeNull();
  });

  test('is none where there is no base', () => {
    expect(privateFolder(join(folder, 'none'), ['a'])).toBeNull();
    expect(privateFolder('', ['a', 'b', '\0'])).toBeNull();
  });

  test('is taken as it is where there are no users', () => {
    mkdirSync(join(folder, 'a'));
    chmodSync(join(folder, 'a'), 0o777);
    expect(privateFolder(folder, ['a'], null)).toBe(join(folder, 'a'));
  });

  test('the user of this process is known', () => {
    expect(ownUser()).toBe(process.geteuid?.());
  });
});

describe('the place of the compile cache', () => {
  const own = ['simcity', 'compile-cache'];
  test.each([
    [{ HOME: '/home/me' }, 'linux', { base: '/home/me', names: ['.cache', ...own] }],
    [{ HOME: '/home/me', XDG_CACHE_HOME: '/var/me' }, 'linux', { base: '/var/me', names: own }],
    [{ HOME: '/home/me', XDG_CACHE_HOME: '' }, 'darwin', { base: '/home/me', names: ['.cache', ...own] }],
    // A relative path would be in the working directory.
    [{ HOME: '/home/me', XDG_CACHE_HOME: 'cache' }, 'linux', null],
    [{ HOME: 'me' }, 'linux', null],
    [{}, 'linux', null],
    [{ TMPDIR: '/tmp' }, 'linux', null],
    [{ LOCALAPPDATA: 'C:\\Users\\me', HOME: '/x' }, 'win32', { base: 'C:\\Users\\me', names: own }],
    [{ HOME: '/home/me' }, 'win32', null],
  ] as const)('%o on %s', (env, platform, place) => {
    expect(cachePlace(env, platform)).toEqual(place);
  });
});
