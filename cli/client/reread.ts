/** A run as it is stored by now, for what no frame of its stream tells: its attempts. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from '../../server/contract/index.ts';
import type { Api } from './api.ts';

/** The verdict is not kept back for longer, in ms. */
const PATIENCE_MS = 2_000;

/** As it was when the server does not answer in time. Never rejects. */
export function rereadRun(api: Api, run: Run): Promise<Run> {
  return Promise.race([api.run(run.id).catch(() => run), sleep(PATIENCE_MS, run, { ref: false })]);
}
