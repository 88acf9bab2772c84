/** `simcity browse`, and `simcity` alone: the list of runs on the screen. */
import { type Context, canDraw } from '../process/context.ts';
import { messageOf, usageError } from '../process/errors.ts';
import { safeText } from '../run/sanitize.ts';
import { openFor } from './screen.ts';

interface BrowseFlags {
  server?: string;
  dataDir?: string;
  readOnly?: true;
}

export async function browse(context: Context, flags: BrowseFlags): Promise<number> {
  if (!canDraw(context)) {
    throw usageError('browse needs a terminal to draw on.', '`simcity runs` lists the runs as lines.');
  }
  const opened = await openFor(context, flags, 'runs');
  const { hostWhatIsMissing } = await import('../hosting/connect.ts');
  const { api, hosted } = await hostWhatIsMissing(context, flags, opened.say);
  // Also what is launched from the page is executed.
  hosted?.startRunner(null).catch((error: unknown) => opened.say(safeText(messageOf(error))));
  const { runsControl } = await import('../tui/start.ts');
  const show = () =>
    runsControl(context, {
      api,
      readOnly: flags.readOnly === true,
      hosted: () => hosted?.executes === true,
      runner: () => hosted?.runnerName() ?? null,
      dataDir: flags.dataDir,
      opened,
    });
  const { withAskedTasks } = await import('../tasks/asked.ts');
  // So is what is asked for of runs there.
  const exitCode =
    hosted === null
      ? await show()
      : await withAskedTasks(context, { connected: { api, hosted }, flags }, show);
  await hosted?.close();
  return exitCode;
}
