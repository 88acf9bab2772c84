/** Another user for tests of ownership: as root paths are really given away, else one's own are judged as another. */
import { lchownSync } from 'node:fs';

const SELF = process.geteuid?.() ?? 0;
const NOBODY = 65_534;

/** The user as whom a test judges, to whom nothing belongs that was given away. */
export const JUDGE = SELF === 0 ? 0 : SELF + 1;
/** To whom belongs what was given away. */
export const STRANGER = SELF === 0 ? NOBODY : SELF;

/** Makes the paths another user's than `JUDGE`; without root they are that already. */
export function giveAway(...paths: string[]): void {
  if (SELF === 0) for (const path of paths) lchownSync(path, NOBODY, NOBODY);
}
