/** Does what every screen can be asked for: the page in the browser, the runs of the palette, another run. */
import type { Api } from '../client/api.ts';
import { messageOf } from '../process/errors.ts';
import { safeText } from '../run/sanitize.ts';
import { openPage, pageUrl } from './open-page.ts';
import type { OverAction, OverEffect } from './state/workspace.ts';

export interface OverContext {
  /** Null: no server is connected yet. */
  api: Api | null;
  env: Readonly<Record<string, string | undefined>>;
  /** The path of the page that is opened. */
  page: string;
  send: (action: OverAction | { type: 'notice'; text: string }) => void;
}

/** Runs that the palette knows; any other one is asked for by its name. */
const RUNS = 50;

export function performOver({ api, env, page, send }: OverContext, effect: OverEffect): void {
  const notice = (text: string) => send({ type: 'notice', text: safeText(text) });
  const failed = (error: unknown) => notice(messageOf(error));
  if (api === null) {
    if (effect.do !== 'read-runs') notice('No server is connected yet; wait a moment.');
    return;
  }
  switch (effect.do) {
    case 'open-page':
      openPage(pageUrl(api.connection.url, page), env).then(
        (said) => ('notice' in said ? notice(said.notice) : send({ type: 'message', message: said.message })),
        failed,
      );
      return;
    case 'read-runs':
      api.runs({ limit: RUNS }).then(({ runs }) => send({ type: 'runs-read', runs }), failed);
      return;
    case 'open-run':
      api.run(effect.ref).then((run) => send({ type: 'open-run', run }), failed);
  }
}
