/** Opens a page of the server in the browser. */
import { openerOf, startOpener } from '../terminal/open-url.ts';
import type { Message } from './state/workspace.ts';

/** Without a user, a password or a token that the server's URL may have. */
export function pageUrl(server: string, path: string): string {
  return new URL(path, new URL(server).origin).href;
}

/** Resolves to what is to be said: a notice when it was opened, else a message with the URL. */
export async function openPage(
  url: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ notice: string } | { message: Message }> {
  const opener = openerOf(url, env, process.platform);
  if (opener !== null && (await startOpener(opener))) return { notice: `Opened ${url} in the browser.` };
  const why =
    opener === null
      ? 'There is no display here to open a browser on. The page is at'
      : `${opener.file} could not open it. The page is at`;
  return { message: { title: 'The page', texts: [why, url] } };
}
