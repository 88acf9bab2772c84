/** `simcity runs`: the runs there are, newest first. */
import type { Run, RunStatus } from '../../server/contract/index.ts';
import type { Api } from '../client/api.ts';
import { connectForReading } from '../hosting/connect.ts';
import { printRows } from '../output/rows.ts';
import { paintOutcome, type Style } from '../output/style.ts';
import type { Column } from '../output/table.ts';
import type { Context } from '../process/context.ts';
import { EXIT } from '../process/errors.ts';
import { attemptParts } from '../run/attempts.ts';
import { formatNumber, formatSeconds } from '../run/format.ts';
import { reasonOf, runOutcome } from '../run/outcome.ts';
import { runName } from '../run/run-name.ts';
import { bugText, faultsText } from '../run/run-search.ts';
import { safeText } from '../run/sanitize.ts';

interface RunsFlags {
  status?: RunStatus;
  limit?: number;
  server?: string;
  dataDir?: string;
  json?: true;
}

const PAGE = 100;

export async function runs(context: Context, flags: RunsFlags): Promise<number> {
  const { api, hosted } = await connectForReading(context, flags);
  const found = await listRuns(api, flags.limit ?? 20, flags.status);
  const none = 'no runs yet. `simcity run` starts one.';
  await printRows(context, found, { json: flags.json === true, none, columns });
  await hosted?.close();
  return EXIT.pass;
}

async function listRuns(api: Api, limit: number, status: RunStatus | undefined): Promise<Run[]> {
  const found: Run[] = [];
  let before: string | null | undefined;
  while (found.length < limit && before !== null) {
    const page = await api.runs({
      limit: Math.min(PAGE, limit - found.length),
      ...(status === undefined ? {} : { status }),
      ...(before === undefined ? {} : { before }),
    });
    found.push(...page.runs);
    before = page.next;
  }
  return found.slice(0, limit);
}

function columns(style: Style): Column<Run>[] {
  return [
    { title: 'RUN', value: runName },
    {
      title: 'STATUS',
      value: runOutcome,
      paint: (text, run) => {
        const outcome = runOutcome(run);
        return text.replace(outcome, paintOutcome(style, outcome));
      },
    },
    { title: 'SCENARIO', value: (run) => safeText(run.scenario) },
    { title: 'TARGET', value: (run) => safeText(run.target) },
    { title: 'BUG', value: (run) => safeText(bugText(run)) },
    { title: 'FAULTS', value: (run) => safeText(faultsText(run)) },
    { title: 'SEED', value: (run) => String(run.seed), right: true },
    { title: 'EVENTS', value: (run) => formatNumber(run.live.eventIndex + 1), right: true },
    {
      title: 'TIME',
      value: (run) => (run.durationSecondsActual === null ? '' : formatSeconds(run.durationSecondsActual)),
      right: true,
    },
    { title: 'CREATED', value: (run) => run.createdAt.replace(/\.\d+Z$/, 'Z') },
    {
      title: 'FAILURE',
      value: (run) =>
        safeText(run.failForensic === null ? (attemptParts(run)?.attempt ?? '') : reasonOf(run)),
    },
    { title: 'ID', value: (run) => run.id },
  ];
}
