/** A failure in mission control is explained beside it, and what is asked for is done, as the resources tell. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Api, createApi } from '../../cli/client/api.ts';
import { believedNote } from '../../cli/hosting/host-note.ts';
import { smallestSchema } from '../../server/contract/index.ts';
import type { TestFolder } from '../helpers/folder.ts';
import { folderWithCluster } from '../helpers/golden-cluster.ts';
import { type Pty, startPty } from '../helpers/pty.ts';

let folder: TestFolder;
let pty: Pty;
beforeEach(async () => {
  folder = await folderWithCluster('.');
});
afterEach(async () => {
  pty.kill('SIGKILL');
  await pty.exited;
  await folder.remove();
});

const FAILING = ['run', '--target', 'memory', '--seed', '2', '--bug', 'no-idempotency'];

async function failing(...flags: string[]): Promise<Api> {
  const args = [...FAILING, '--data-dir', folder.path, '--port', '0', ...flags];
  pty = startPty(process.execPath, [join(process.cwd(), 'cli/simcity.js'), ...args], {
    columns: 120,
    rows: 40,
  });
  await pty.until((text) => text.includes('● FAIL'), 'FAIL', 60_000);
  const note = believedNote(folder.path);
  if (!note?.url) throw new Error('the run hosts no server');
  return createApi({ url: note.url, token: note.token ?? undefined });
}

it('is made small and explained while the screen is open', async () => {
  const api = await failing();
  const seen = new Set<string>();
  await vi.waitFor(
    async () => {
      const explanation = await api.task('latest', 'explain');
      seen.add(explanation?.state ?? 'unasked');
      expect(['ready', 'none']).toContain(explanation?.state);
    },
    { timeout: 60_000, interval: 20 },
  );
  expect([...seen]).toContain('pending');
  const { failForensic } = await api.run('latest');
  expect(smallestSchema.safeParse(failForensic?.smallest).success).toBe(true);
  pty.press('q');
  expect((await pty.exited).exitCode).toBe(1);
}, 150_000);

it('does what is asked for elsewhere while the screen is open, and leaves at once', async () => {
  const api = await failing('--no-explain');
  await api.askTask('latest', 'verify');
  await vi.waitFor(async () => expect((await api.task('latest', 'verify'))?.state).toBe('ready'), {
    timeout: 60_000,
    interval: 100,
  });
  pty.press('3');
  await pty.until((text) => /executed again, identical: \d+ events/.test(text), 'what came of it', 60_000);
  pty.press('q');
  expect((await pty.exited).exitCode).toBe(1);
}, 150_000);
