/** `simcity browse`, and `simcity` alone: the list of runs on the screen. */
import { type Context, canDraw } from '../context.ts';
import { usageError } from '../errors.ts';
import { hostWhatIsMissing } from '../hosting/connect.ts';

interface BrowseFlags {
  server?: string;
  dataDir?: string;
  readOnly?: true;
}

export async function browse(context: Context, flags: BrowseFlags): Promise<number> {
  if (!canDraw(context)) {
    throw usageError('browse needs a terminal to draw on.', '`simcity runs` lists the runs as lines.');
  }
  let isDrawing = false;
  const progress = (message: string) => {
    if (!isDrawing) context.err(`simcity: ${message}\n`);
  };
  const { api, hosted } = await hostWhatIsMissing(context, flags, progress);
  isDrawing = true;
  let hasRunner = false;
  const onLaunched = async () => {
    if (hosted === null || hasRunner) return;
    hasRunner = true;
    await hosted.startRunner(null);
  };
  const { runsControl } = await import('../tui/start.ts');
  const exitCode = await runsControl(context, {
    api,
    readOnly: flags.readOnly === true,
    hosted: hosted !== null,
    onLaunched,
  });
  await hosted?.close();
  return exitCode;
}
