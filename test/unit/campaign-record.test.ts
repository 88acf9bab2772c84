import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Checkpoint } from '../../cli/campaign/checkpoint.ts';
import { recordAll } from '../../cli/campaign/record.ts';
import { createApi } from '../../cli/client/api.ts';
import type { Context } from '../../cli/process/context.ts';
import { ENGINE_GENERATION, type Run, runConfigSchema } from '../../server/contract/index.ts';
import { type FakeServer, startFakeServer } from '../helpers/fake-server.ts';
import {
  adapterDiagnosis,
  diagnosedRun,
  recordedDiagnosis,
  recordedForensic,
} from '../helpers/recorded-failure.ts';
import { RUN_ID, recordedRun } from '../helpers/recorded-run.ts';

let server: FakeServer;
beforeEach(async () => {
  server = await startFakeServer(recordedRun());
});
afterEach(() => server.close());

/** A campaign with one failure, of which it is known already that it cannot be made small. */
const campaign = (): Checkpoint => ({
  version: 1,
  name: 'hunt',
  ...{ id: '0198c2d4-0000-7000-8000-000000000001', course: [], holder: null, finished: false },
  generation: ENGINE_GENERATION,
  simcity: '0.2.0',
  scenario: 'bookings',
  target: 'memory',
  ...{ exec: null, gate: null, proved: 0, identical: 0 },
  config: runConfigSchema.parse({}),
  seeds: [[1, 100]],
  through: [[1, 100]],
  operations: 0,
  seconds: 0,
  found: [
    {
      signature: { kind: 'invariant', invariant: 'no-overbooking', operation: null },
      ...{ message: 'it broke', seeds: 3, firstSeed: 2, seed: 5, operations: 40 },
      ...{ run: null, smallest: null, why: 'it is small' },
    },
  ],
});

/** Records what the campaign found, by runs that all end like `run`, and keeps what was said. */
async function recorded(checkpoint: Checkpoint, run: Run): Promise<string[]> {
  server.run = run;
  const said: string[] = [];
  const nothing = () => {};
  const stopping = { onStop: () => nothing, stop: nothing };
  const context = { leaving: new AbortController().signal } as Context;
  const finished = await recordAll(context, checkpoint, {
    connected: { api: createApi({ url: server.url, token: undefined }), hosted: null },
    flags: {},
    ...{ ownRunner: true, targetUrl: null, save: nothing, stopping },
    reporter: { say: (text) => said.push(text), progress: nothing, found: nothing, clear: nothing },
  });
  expect(finished).toBe(true);
  return said;
}

describe('a recorded run', () => {
  test.each([
    [
      'LOST',
      diagnosedRun(recordedDiagnosis({ message: 'The harness\u001b[2J was lost.' })),
      'The harness␛[2J was lost.',
    ],
    ['ADAPTER ERROR', diagnosedRun(adapterDiagnosis()), 'my-adapter.ts:41:17: '],
  ])('that ended as %s is no record of the failure, which is recorded anew', async (outcome, run, why) => {
    const checkpoint = campaign();
    const said = await recorded(checkpoint, run);
    expect(checkpoint.found[0]?.run).toBeNull();
    expect(said.at(-1)).toContain(`seed 5 is not recorded, run #12 ended as ${outcome}: ${why}`);
    await recorded(
      checkpoint,
      recordedRun({ status: 'FAIL', pass: false, failForensic: recordedForensic() }),
    );
    expect(checkpoint.found[0]?.run).toBe(RUN_ID);
    expect(server.requests.filter((line) => line === 'POST /runs')).toHaveLength(2);
  });

  test('that failed is not recorded twice', async () => {
    const checkpoint = campaign();
    const failed = recordedRun({ status: 'FAIL', pass: false, failForensic: recordedForensic() });
    await recorded(checkpoint, failed);
    await recorded(checkpoint, failed);
    expect(checkpoint.found[0]?.run).toBe(RUN_ID);
    expect(server.requests.filter((line) => line === 'POST /runs')).toHaveLength(1);
  });
});
