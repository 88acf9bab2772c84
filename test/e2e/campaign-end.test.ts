/** A campaign that is told to stop as its last seed ends: it has come to its end, and leaves nothing to go on with. */
import { afterEach, expect, test } from 'vitest';
import type { Checkpoint } from '../../cli/campaign/checkpoint.ts';
import { conduct } from '../../cli/campaign/conduct.ts';
import type { CampaignReporter } from '../../cli/campaign/reporter.ts';
import type { Context } from '../../cli/process/context.ts';
import { ENGINE_GENERATION, runConfigSchema } from '../../server/contract/index.ts';

const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

const context: Context = {
  env: {},
  cwd: process.cwd(),
  isTerminal: { stdin: false, stdout: false, stderr: false },
  out: async () => {},
  err: () => {},
  leaving: new AbortController().signal,
  onSignal: () => () => {},
  leave: () => {
    throw new Error('it left');
  },
  atExit: (end) => {
    endings.push(end);
    return () => {};
  },
  atExitSync: () => () => {},
};

const campaign = (bug: string | null, seeds: number): Checkpoint => ({
  ...{ id: '0198c2d4-0000-7000-8000-000000000001', course: [], holder: null, finished: false },
  ...{ version: 1, name: 'hunt', generation: ENGINE_GENERATION, simcity: '0.2.0' },
  ...{ scenario: 'bookings', target: 'memory', exec: null, gate: null, proved: 0, identical: 0 },
  config: runConfigSchema.parse({ bug, operations: 200 }),
  ...{ seeds: [[1, seeds]], through: [], operations: 0, seconds: 0, found: [] },
});

/**
 * Conducts `checkpoint`, which is told to stop once so many of its seeds are through: as they are counted, or as what
 * executed them ends. False: it was not finished. @throws when nobody heeds that it is told to.
 */
async function stoppedAfter(
  checkpoint: Checkpoint,
  seeds: number,
  record: boolean,
  when: 'progress' | 'clear' = 'progress',
): Promise<boolean> {
  let stop: (() => void) | null = null;
  const tell = () => {
    const through = checkpoint.through.reduce((sum, [from, to]) => sum + to - from + 1, 0);
    if (through < seeds) return;
    if (stop === null) context.leave(130);
    stop?.();
  };
  const reporter: CampaignReporter = {
    say: () => {},
    found: () => {},
    clear: () => {},
    progress: () => {},
    [when]: tell,
  };
  const { finished, close } = await conduct(context, {
    checkpoint,
    flags: { parallel: 1, record },
    save: () => {},
    reporter,
    stopping: {
      onStop: (handler) => {
        let isTold = false;
        stop = () => {
          if (!isTold) handler();
          isTold = true;
        };
        return () => {
          stop = null;
        };
      },
      stop: () => stop?.(),
    },
  });
  await close();
  return finished;
}

test.each(['progress', 'clear'] as const)('is finished when no seed is left, told so by %s', async (when) => {
  const checkpoint = campaign(null, 3);
  expect(await stoppedAfter(checkpoint, 3, true, when)).toBe(true);
  expect(checkpoint.through).toEqual([[1, 3]]);
});

test('is finished as well with failures that are not to be recorded', async () => {
  const checkpoint = campaign('check-then-insert', 3);
  expect(await stoppedAfter(checkpoint, 3, false)).toBe(true);
  expect(checkpoint.found).not.toEqual([]);
});

test('is not while a failure is to be recorded, nor while seeds are left', async () => {
  expect(await stoppedAfter(campaign('check-then-insert', 3), 3, true)).toBe(false);
  expect(await stoppedAfter(campaign(null, 100_000), 1, true)).toBe(false);
});
