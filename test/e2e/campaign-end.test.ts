/** A campaign that is told to stop as its last seed ends: it has come to its end, and leaves nothing to go on with. */
import { afterEach, expect, test } from 'vitest';
import type { Checkpoint } from '../../cli/campaign/checkpoint.ts';
import { LocalStore } from '../../cli/campaign/local-store.ts';
import type { CampaignReporter } from '../../cli/campaign/reporter.ts';
import { NO_CODE } from '../../cli/campaign/session.ts';
import { workForSession } from '../../cli/campaign/work-session.ts';
import type { Context } from '../../cli/process/context.ts';
import { type Campaign, runConfigSchema } from '../../server/contract/index.ts';
import { recordedCheckpoint } from '../helpers/recorded-campaign.ts';

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

const campaign = (bug: string | null, seeds: number, records = true): Checkpoint =>
  recordedCheckpoint({
    config: runConfigSchema.parse({ bug, operations: 200 }),
    ...{ records, seeds: [[1, seeds]] },
  });

/** Works for `checkpoint`, which is told to stop once so many of its seeds are through. @throws when nobody heeds it. */
async function stoppedAfter(checkpoint: Checkpoint, seeds: number): Promise<Campaign> {
  let stop: (() => void) | null = null;
  let isTold = false;
  const reporter: CampaignReporter = {
    ...{ say: () => {}, found: () => {}, clear: () => {}, progress: () => {}, away: () => {} },
    stands({ seedsThrough }) {
      if (seedsThrough < seeds || isTold) return;
      isTold = true;
      stop?.();
    },
  };
  const session = {
    ...{ name: checkpoint.name, store: new LocalStore(checkpoint, () => {}), own: NO_CODE },
    ...{ isOwners: true, isServed: false, close: async () => {} },
    connect: () => Promise.reject(new Error('nobody needs a server')),
  };
  return await workForSession(context, {
    ...{ session, flags: { parallel: 1 }, reporter },
    stopping: {
      onStop: (handler) => {
        stop = handler;
        return () => {
          stop = null;
        };
      },
      stop: () => stop?.(),
    },
  });
}

test('is finished when no seed is left', async () => {
  expect(await stoppedAfter(campaign(null, 3), 3)).toMatchObject({ state: 'done', seedsThrough: 3 });
});

test('is finished as well with failures that are not to be recorded', async () => {
  const { state, failures } = await stoppedAfter(campaign('check-then-insert', 3, false), 3);
  expect(state).toBe('done');
  expect(failures).toBeGreaterThan(0);
});

test('is not while seeds are left', async () => {
  const { state, seedsThrough } = await stoppedAfter(campaign(null, 100_000), 1);
  expect(state).toBe('stopped');
  expect(seedsThrough).toBeLessThan(100_000);
});
