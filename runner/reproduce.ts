/** The command that reproduces a run; the server composes the same one at its launch. */
import { type GateOrder, type Reproducible, reproduceCommand } from '../server/contract/index.ts';
import { filesOfUser } from './modules/loaded.ts';
import { asTyped } from './modules/place.ts';

export { type Reproducible, reproduceCommand, shellWord } from '../server/contract/index.ts';

/** A run, and what of it is only ever given where it is typed. */
export interface OwnRun extends Reproducible {
  /** The command that starts the service; null, or left out: none does. */
  exec?: string | null;
  /** The database of a gated run. */
  gate?: GateOrder | null;
  /** A user and a password of the target were given; left out: those in the target's URL alone. */
  hasCredentials?: boolean;
}

/** The command with the adapter, and with how the service is started. */
export function reproduceOwn({
  scenario,
  target,
  seed,
  config,
  exec = null,
  gate = null,
  hasCredentials,
}: OwnRun): string {
  const file = filesOfUser().adapter;
  const own = {
    exec,
    gate: gate && { ...gate, schema: gate.schema && asTyped(gate.schema) },
    adapter: file === null ? null : asTyped(file),
    hasCredentials: hasCredentials ?? false,
  };
  return reproduceCommand({ scenario, target, seed, config }, own);
}
