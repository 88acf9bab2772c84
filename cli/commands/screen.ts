/** Opens the screen for a command that has yet to find its server. */

import type { ServerFlags } from '../hosting/find-server.ts';
import type { Context } from '../process/context.ts';
import { safeText } from '../run/sanitize.ts';
import type { OpenScreen } from '../tui/open-screen.ts';

/** A screen that says which server is asked; `what` is what will be looked at, safe to print. */
export async function openFor(context: Context, flags: ServerFlags, what: string): Promise<OpenScreen> {
  const { openScreen } = await import('../tui/open-screen.ts');
  const opened = await openScreen(context, what);
  const named = flags.server ?? (context.env['SIMCITY_URL'] || context.fileServer?.url);
  opened.say(named ? `connecting to ${safeText(named)}` : 'looking for the server');
  return opened;
}
