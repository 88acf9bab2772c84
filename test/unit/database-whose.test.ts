import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { refuseForeign } from '../../server/db/embedded/whose.ts';
import { giveAway, STRANGER } from '../helpers/stranger.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'simcity-whose-'));
  path = join(folder, 'postgres');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('what is this user’s, or not there, is in order', async () => {
  await refuseForeign(path, null);
  mkdirSync(path);
  symlinkSync('postgres', join(folder, 'link'));
  await refuseForeign(path, null);
  await refuseForeign(join(folder, 'link'), null);
});

test('a circle of links is refused', async () => {
  symlinkSync('postgres', path);
  await expect(refuseForeign(path, null)).rejects.toMatchObject({ code: 'data_dir_foreign', exitCode: 2 });
});

test.runIf(process.geteuid?.() === 0)(
  'what another user has is refused, unless PostgreSQL runs as them (needs root, to give paths away)',
  async () => {
    mkdirSync(path);
    giveAway(path);
    const link = join(folder, 'link');
    symlinkSync('postgres', link);
    for (const each of [path, link]) {
      await expect(refuseForeign(each, null)).rejects.toMatchObject({
        code: 'data_dir_foreign',
        message: `${path} belongs to another user, uid ${STRANGER}`,
        hint: expect.stringContaining('--data-dir'),
      });
    }
    await refuseForeign(path, { uid: STRANGER, gid: STRANGER });
    giveAway(link);
    await expect(refuseForeign(link, null)).rejects.toThrow(`${link} belongs to another user`);
  },
);
