/** What came of recording a failure: no loss is a record, and what is recorded already is not launched again. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LocalStore } from '../../cli/campaign/local-store.ts';
import { recordFailure } from '../../cli/campaign/record.ts';
import { NO_CODE } from '../../cli/campaign/session.ts';
import { createApi } from '../../cli/client/api.ts';
import type { Context } from '../../cli/process/context.ts';
import type { Finding, Run } from '../../server/contract/index.ts';
import { type FakeServer, startFakeServer } from '../helpers/fake-server.ts';
import { recordedCheckpoint, recordedFailure, recordedTally } from '../helpers/recorded-campaign.ts';
import { adapterDiagnosis, diagnosedRun, recordedDiagnosis } from '../helpers/recorded-failure.ts';
import { RUN_ID, recordedRun } from '../helpers/recorded-run.ts';

let server: FakeServer;
beforeEach(async () => {
  server = await startFakeServer(recordedRun());
});
afterEach(() => server.close());

/** Records the one failure of a campaign by a run that ends like `run`; keeps what was said. */
async function recorded(run: Run): Promise<{ said: string[]; finding: Finding | undefined }> {
  server.run = run;
  const tally = recordedTally([[1, 100]], { failures: [recordedFailure({ seed: 5 })] });
  const store = new LocalStore(recordedCheckpoint({ tally }), () => {});
  const { work } = await store.claim(1);
  if (work?.do !== 'record') throw new Error('nothing is to be recorded');
  const said: string[] = [];
  const left = new AbortController().signal;
  const api = createApi({ url: server.url, token: undefined });
  const options = {
    ...{ store, flags: {}, own: NO_CODE, ownRunner: true, explains: false, progress: () => {} },
    connect: async () => ({ api, hosted: null }),
    say: (text: string) => said.push(text),
  };
  await recordFailure({ leaving: left } as Context, options, work, left);
  expect((await store.claim(1)).isOver).toBe(true);
  return { said, finding: (await store.campaign()).findings[0] };
}

describe('a recorded run', () => {
  test.each([
    [
      'LOST',
      diagnosedRun(recordedDiagnosis({ message: 'The harness\u001b[2J was lost.' })),
      'The harness␛[2J was lost.',
    ],
    ['ADAPTER ERROR', diagnosedRun(adapterDiagnosis()), 'my-adapter.ts:41:17: '],
  ])('that ended as %s is no record of the failure, and says why', async (outcome, run, why) => {
    const { said, finding } = await recorded({ ...run, seed: 6 });
    expect(finding).toMatchObject({ run: null, smallest: null });
    expect(finding?.why).toContain(`run #12 ended as ${outcome}`);
    expect(said.at(-1)).toContain(`seed 5 is not recorded, run #12 ended as ${outcome}: ${why}`);
  });

  test('of a runner of another engine is none', async () => {
    const other = recordedRun({ seed: 6, status: 'FAIL', pass: false, generation: 99, version: '9.9.9' });
    await expect(recorded(other)).rejects.toThrow(/which records seed 6 of the campaign/);
  });

  test('that did not fail has nothing to be made small', async () => {
    const { finding } = await recorded(recordedRun({ status: 'PASS', pass: true, seed: 6 }));
    expect(finding).toMatchObject({
      run: { id: RUN_ID, number: 12 },
      why: 'it ended as PASS when it was recorded',
    });
    expect(server.requests.filter((line) => line === 'POST /runs')).toHaveLength(1);
  });
});
