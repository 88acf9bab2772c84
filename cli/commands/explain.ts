/** `simcity explain`: finds out why a run failed, and stores it with the run. */
import { connectForReading } from '../hosting/connect.ts';
import { explanationText } from '../output/explanation.ts';
import { styleFor } from '../output/style.ts';
import { type Context, columnsOf, wantsColor } from '../process/context.ts';
import { EXIT } from '../process/errors.ts';
import { safeJson } from '../run/sanitize.ts';
import { doHere } from '../tasks/do-here.ts';
import { prepareExplain } from '../tasks/explain.ts';
import { refuseNoFailure } from '../tasks/failed-run.ts';

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
  const maxSeconds = flags.maxTime ?? DEFAULT_SECONDS;
  const { task, interrupted } = await doHere(context, {
    ...{ api, run, kind: 'explain', again: flags.again === true },
    prepare: () => prepareExplain(context, { run, connected, flags, maxSeconds }),
    cancelling: 'cancelling the explanation',
  });
  await connected.hosted?.close();
  const style = styleFor(wantsColor(context, 'stdout'));
  await context.out(
    flags.json
      ? `${safeJson(task, 2)}\n`
      : `${explanationText(task, style, columnsOf(context, 'stdout'), run.failForensic)}\n`,
  );
  if (task.state === 'ready') return EXIT.pass;
  return interrupted ? EXIT.interrupted : EXIT.fail;
}
