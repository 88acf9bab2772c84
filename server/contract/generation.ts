/** The generation of the engine: what a seed means, and whether a run may be executed again here. */

/**
 * Raised by hand, by one, together with every change after which a seed means something else: after which some
 * scenario, target, seed and configuration give another history than before (plans, strategies, faults, the
 * gate, the built-in scenarios and their services; against a service, other requests). What only shows a
 * history, or adds a setting whose default changes nothing, leaves it as it is. The recorded histories in
 * `test/fixtures/histories.json` hold the engine to it.
 */
export const ENGINE_GENERATION = 2;

/** The engine that executed a run, as the run stores it. Null: of a SimCity before 0.2.0, which did not tell. */
export interface Engine {
  generation: number | null;
  version: string | null;
}

/**
 * Says what is in the way of executing a seed of `engine` again here, as the rest of a sentence that begins
 * with the run's name; null when nothing is. `version` is that of this program.
 */
export function otherGeneration({ generation, version: other }: Engine, version: string): string | null {
  if (generation === ENGINE_GENERATION) return null;
  const here = `this is generation ${ENGINE_GENERATION} (${version})`;
  if (generation === null) {
    return `was executed by a SimCity before 0.2.0, which stored neither its version nor the generation of its engine; ${here}: a seed may mean something else here`;
  }
  const by = other === null ? 'a SimCity of an unknown version' : `SimCity ${other}`;
  return `was executed by generation ${generation} of the engine (${by}); ${here}: a seed means something else here`;
}
