/** `simcity explain`: finds out why a run failed, and stores it with the run. */
import { explainRun } from '../explain/explain-run.ts';
import { failedRun, refuseNoFailure } from '../explain/failed-run.ts';
import { connectForReading } from '../hosting/connect.ts';
import { explanationText, progressText } from '../output/explanation.ts';
import { progressLine } from '../output/progress-line.ts';
import { styleFor } from '../output/style.ts';
import { type Context, columnsOf, wantsColor } from '../process/context.ts';
import { EXIT } from '../process/errors.ts';
import { runName } from '../run/run-name.ts';
import { safeJson } from '../run/sanitize.ts';

interface ExplainFlags {
  maxTime?: number;
  again?: true;
  server?: string;
  dataDir?: string;
  json?: true;
}

const DEFAULT_SECONDS = 600;

export async function explain(context: Context, runId: string, flags: ExplainFlags): Promise<number> {
  const connected = await connectForReading(context, flags);
  const { api } = connected;
  const run = await api.run(runId);
  refuseNoFailure(run, 'explain');
  const line = progressLine(context);
  const cancelling = new AbortController();
  const undo = context.onSignal(() => {
    if (cancelling.signal.aborted) return context.leave(EXIT.interrupted);
    line.clear();
    context.err('simcity: cancelling the explanation; Ctrl-C again leaves at once.\n');
    cancelling.abort();
  });
  const explanation = await explainRun(context, {
    api,
    run,
    again: flags.again === true,
    maxSeconds: flags.maxTime ?? DEFAULT_SECONDS,
    failed: () => failedRun(context, flags, run, connected, 'explain'),
    onProgress: (progress) => line.show(`run ${runName(run)}: ${progressText(progress)}`),
    cancelled: cancelling.signal,
  }).finally(() => {
    undo();
    line.clear();
  });
  await connected.hosted?.close();
  const style = styleFor(wantsColor(context, 'stdout'));
  await context.out(
    flags.json
      ? `${safeJson(explanation, 2)}\n`
      : `${explanationText(explanation, style, columnsOf(context, 'stdout'))}\n`,
  );
  if (explanation.state === 'ready') return EXIT.pass;
  return cancelling.signal.aborted ? EXIT.interrupted : EXIT.fail;
}
