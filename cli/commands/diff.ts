/** `simcity diff`: the first event at which two runs differ, and what differs. */
import { storedEvents } from '../client/stored-events.ts';
import { compareHistories } from '../compare-histories.ts';
import { type Context, wantsColor } from '../context.ts';
import { EXIT } from '../errors.ts';
import { formatNumber, shortId } from '../format.ts';
import { connectForReading } from '../hosting/connect.ts';
import { partingText } from '../output/parting.ts';
import { styleFor } from '../output/style.ts';
import { safeJson } from '../safe-text.ts';

interface DiffFlags {
  server?: string;
  dataDir?: string;
  json?: true;
}

/** Events shown before and after the one that differs. */
export const EVENTS_AROUND = 3;

/** Exit code 0: the histories are the same; 1: they differ. */
export async function diff(
  context: Context,
  leftId: string,
  rightId: string,
  flags: DiffFlags,
): Promise<number> {
  const { api, hosted } = await connectForReading(context, flags);
  const [left, right] = [await api.run(leftId), await api.run(rightId)];
  const { common, parting } = await compareHistories(
    storedEvents(api, left.id),
    storedEvents(api, right.id),
    {
      around: EVENTS_AROUND,
      leftIsPrefix: false,
    },
  );
  await hosted?.close();
  if (flags.json) {
    await context.out(
      `${safeJson({ left: left.id, right: right.id, identical: parting === null, common, parting }, 2)}\n`,
    );
  } else if (parting === null) {
    await context.out(`identical, ${formatNumber(common)} events\n`);
  } else {
    const style = styleFor(wantsColor(context, 'stdout'));
    await context.out(`${partingText(parting, [shortId(left.id), shortId(right.id)], style)}\n`);
  }
  return parting === null ? EXIT.pass : EXIT.fail;
}
