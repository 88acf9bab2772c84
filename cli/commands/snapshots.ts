/** `simcity snapshots`: the metrics of a run over time. */
import type { Snapshot } from '../../server/contract/index.ts';
import { connectForReading } from '../hosting/connect.ts';
import { metricsText } from '../output/verdict.ts';
import type { Context } from '../process/context.ts';
import { EXIT } from '../process/errors.ts';
import { safeJson } from '../run/sanitize.ts';

interface SnapshotsFlags {
  from?: number;
  limit?: number;
  every?: number;
  server?: string;
  dataDir?: string;
  json?: true;
}

const PAGE = 1_000;

export async function snapshots(context: Context, runId: string, flags: SnapshotsFlags): Promise<number> {
  const { api, hosted } = await connectForReading(context, flags);
  const { id } = await api.run(runId);
  let next: number | null = flags.from ?? 0;
  let left = flags.limit ?? Number.POSITIVE_INFINITY;
  while (next !== null && left > 0 && !context.leaving.aborted) {
    const page = await api.snapshots(id, {
      from: next,
      limit: Math.min(PAGE, left),
      ...(flags.every === undefined ? {} : { every: flags.every }),
    });
    if (page.snapshots.length === 0) break;
    left -= page.snapshots.length;
    next = page.next;
    const lines = page.snapshots.map((snapshot) =>
      flags.json ? safeJson(snapshot) : snapshotLine(snapshot),
    );
    await context.out(`${lines.join('\n')}\n`);
  }
  await hosted?.close();
  return EXIT.pass;
}

function snapshotLine(snapshot: Snapshot): string {
  return `${String(snapshot.index).padStart(7)}  ${snapshot.at}  ${metricsText(snapshot.metrics)}`;
}
