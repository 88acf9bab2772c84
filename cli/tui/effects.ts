/** Does what a key asked for outside of the state: other commands, the clipboard, files. */
import { writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { pagePath } from '../../server/contract/paths.ts';
import type { Api } from '../client/api.ts';
import { messageOf } from '../process/errors.ts';
import { bundleText } from '../run/bundle-file.ts';
import { safeText } from '../run/sanitize.ts';
import type { JobRunner } from './jobs.ts';
import { performOver } from './over-effects.ts';
import type { Screen } from './screen.ts';
import type { Action } from './state/reducer.ts';
import type { Effect, State } from './state/state.ts';

export interface EffectContext {
  api: Api;
  screen: Screen;
  jobs: JobRunner;
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  model: () => State;
  send: (action: Action) => void;
}

const COMMANDS = {
  verify: { title: 'replay --verify', args: (id: string) => ['replay', id, '--verify'] },
  shrink: { title: 'shrink', args: (id: string) => ['shrink', id] },
} as const;

export function perform(context: EffectContext, effect: Effect): void {
  const notice = (text: string) => context.send({ type: 'notice', text });
  const failed = (error: unknown) => notice(safeText(messageOf(error)));
  switch (effect.do) {
    case 'stop':
      context.api.stop(context.model().data.run.id, 'stopped from mission control').catch((error: unknown) =>
        context.send({
          type: 'stop-failed',
          text: `The stop did not get through: ${safeText(messageOf(error))}`,
        }),
      );
      return;
    case 'job': {
      const { title, args } = COMMANDS[effect.command];
      context.jobs.start(args(context.model().data.run.id), ({ lines, exitCode }) =>
        context.send({ type: 'job', title, lines, exitCode }),
      );
      return;
    }
    case 'end-job':
      context.jobs.end();
      return;
    case 'copy':
      copyCommand(context.screen, effect.text, notice);
      return;
    case 'save':
      save(context, effect.file).then(notice, failed);
      return;
    case 'compare':
      context.api.run(effect.runId).then((run) => context.send({ type: 'compare', run }), failed);
      return;
    case 'newest-campaign':
      context.api
        .campaigns({ limit: 1 })
        .then(
          ({ campaigns }) => context.send({ type: 'newest-campaign', name: campaigns[0]?.name ?? null }),
          failed,
        );
      return;
    default:
      performOver({ ...context, page: pagePath(context.model().data.run.number) }, effect);
  }
}

/** A command of ours on one line: nothing else gets to a clipboard, from where it may be pasted into a shell. */
const OWN_COMMAND = /^(?:npx )?simcity [a-z][\x20-\x7e]*$/;
const SHELL_SPECIAL = /[`$;&|<>()\\]/;

/** Copies a command of ours to the clipboard of the terminal (OSC 52), and says whether it did. */
export function copyCommand(screen: Screen, text: string, notice: (text: string) => void): void {
  if (!OWN_COMMAND.test(text) || SHELL_SPECIAL.test(text.replaceAll(/'[^']*'/g, ''))) {
    notice('Not copied: this is no command that SimCity wrote.');
    return;
  }
  screen.send(`\u001b]52;c;${Buffer.from(text).toString('base64')}\u0007`);
  notice('Copied, if the terminal allows it (OSC 52).');
}

async function save({ cwd, model }: EffectContext, file: string): Promise<string> {
  const path = isAbsolute(file) ? file : join(cwd, file);
  const { bundle } = model().forensics;
  // What is there already is left alone.
  await writeFile(path, bundleText(bundle), { flag: 'wx' });
  return `Saved to ${safeText(path)}.`;
}
