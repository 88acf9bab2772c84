/** To whom each booking id was given, for good: the same id for another request is a violation wherever it shows. */

import { NewestMap } from '../../../sim/newest-map.ts';
import type { Violation } from '../../workload.ts';
import type { BookCall } from '../calls.ts';

/** Ids remembered, the newest first to stay. */
const REMEMBERED = 100_000;

export class IdOwners {
  readonly #owners = new NewestMap<string, { citizen: string; slot: string; key: string }>(REMEMBERED);

  /** `id` was given to this request; the violation when another one has it. */
  given(id: string, { citizen, slot, key }: BookCall): Violation | null {
    const owner = this.#owners.get(id);
    if (!owner) {
      this.#owners.set(id, { citizen, slot, key });
      return null;
    }
    if (owner.citizen === citizen && owner.slot === slot && owner.key === key) return null;
    const whose = (who: { citizen: string; slot: string; key: string }) =>
      `${who.citizen} in ${who.slot} with the key ${JSON.stringify(who.key)}`;
    return {
      invariant: 'ids-are-never-reused',
      object: slot,
      message: `Booking ${id} was given out twice: now to ${whose({ citizen, slot, key })}, before to ${whose(owner)}.`,
      actual: id,
      expected: 'an id that was never given out before',
    };
  }
}
