/** `simcity diff`: the first event at which two runs differ, and what differs. */
import type { Run } from '../../server/contract/index.ts';
import { connectForReading } from '../hosting/connect.ts';
import { partingText, settingsText } from '../output/parting.ts';
import { styleFor } from '../output/style.ts';
import { type Context, wantsColor } from '../process/context.ts';
import { EXIT } from '../process/errors.ts';
import { compareHistories } from '../run/compare-histories.ts';
import { engineTextOf } from '../run/engine-text.ts';
import { formatNumber } from '../run/format.ts';
import { runName } from '../run/run-name.ts';
import { safeJson } from '../run/sanitize.ts';
import { storedEvents } from '../run/stored-events.ts';

interface DiffFlags {
  server?: string;
  dataDir?: string;
  json?: true;
}

/** Exit code 0: the histories are the same; 1: they differ. */
export async function diff(
  context: Context,
  leftId: string,
  rightId: string,
  flags: DiffFlags,
): Promise<number> {
  const { api, hosted } = await connectForReading(context, flags);
  const [left, right] = [await api.run(leftId), await api.run(rightId)];
  const { common, settings, parting } = await compareHistories(
    storedEvents((query) => api.events(left.id, query)),
    storedEvents((query) => api.events(right.id, query)),
    {
      passStart: true,
      isGated: left.config.gate !== null && right.config.gate !== null,
    },
  );
  await hosted?.close();
  const isSame = parting === null && settings.length === 0;
  const engines = { left: engineOf(left), right: engineOf(right) };
  sayOfGenerations(context, left, right);
  if (flags.json) {
    await context.out(
      `${safeJson({ left: left.id, right: right.id, engines, identical: isSame, common, plan: settings, parting }, 2)}\n`,
    );
  } else if (isSame) {
    await context.out(`identical, ${formatNumber(common)} events\n`);
  } else {
    const style = styleFor(wantsColor(context, 'stdout'));
    const names: [string, string] = [runName(left), runName(right)];
    const texts = [
      ...(settings.length === 0 ? [] : [settingsText(settings, names, style)]),
      parting === null
        ? `Behind the start they are the same, ${formatNumber(common)} events.`
        : partingText(parting, names, style),
    ];
    await context.out(`${texts.join('\n\n')}\n`);
  }
  return isSame ? EXIT.pass : EXIT.fail;
}

function engineOf({ generation, version }: Run) {
  return { generation, version };
}

/** Stored histories can be compared whatever executed them; but the same seed is no reason for the same history then. */
function sayOfGenerations(context: Context, left: Run, right: Run): void {
  if (left.generation === right.generation) return;
  const [one, other] = [left, right].map((run) => {
    const engine = engineTextOf(run);
    return engine === null ? `none (${runName(run)})` : `${engine.generation} (SimCity ${engine.version})`;
  });
  context.err(
    `simcity: the generations of the engine differ, ${one} and ${other}: a seed means something else to each.\n`,
  );
}
