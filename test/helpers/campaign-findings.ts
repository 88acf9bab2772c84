/** What campaigns found, as tests compare it. */

/** A finding without what comes of recording it: what must be the same, whoever executed the seeds. */
export function tallyOfFinding<Tally>({
  run: _,
  smallest: __,
  why: ___,
  reproduce: ____,
  ...tally
}: Tally & Record<'run' | 'smallest' | 'why' | 'reproduce', unknown>) {
  return tally;
}
