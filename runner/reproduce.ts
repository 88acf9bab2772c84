/** The command that reproduces a run; the server composes the same one at its launch. */
import { shellWord } from '../server/contract/index.ts';
import { filesOfUser } from './modules/loaded.ts';
import { asTyped } from './modules/place.ts';

export { type Reproducible, reproduceCommand, shellWord } from '../server/contract/index.ts';

/** The command with what is only ever given where it is typed: how the service is started, and the adapter to it. */
export function withOwn(command: string, exec: string | null): string {
  const file = filesOfUser().adapter;
  const adapter = file === null ? null : asTyped(file);
  return [
    command,
    ...(adapter === null ? [] : ['--adapter', shellWord(adapter)]),
    ...(exec === null ? [] : ['--exec', shellWord(exec)]),
  ].join(' ');
}
