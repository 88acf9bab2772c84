/**
 * What the citizens of a live city do next: groups of requests that begin at one instant, and what follows
 * once they are answered. The seed decides, together with what the citizens know by then.
 */
import type { RunConfig } from '../../../server/contract/index.ts';
import { Prng } from '../../sim/prng.ts';
import type { CityKnowledge } from './city-knowledge.ts';
import { alikeKeys, joinedKey, keyInTwoSlots, sharedKey } from './patterns/alike-keys.ts';
import { mill, onlookers, sandwich, single, switchAndAsk } from './patterns/looks.ts';
import { hangUp, keyLife, lateRepeat, repeatRace, settle, staleCancel } from './patterns/repeats.ts';
import { burst, cancelRace, cancelStorm, closeRace, echoes, switches, twins } from './patterns/rivals.ts';
import { type PatternName, type Phase, type Place, phaseOf } from './phases.ts';
import { type Group, list, read, steps, together } from './planned.ts';
import { Scene } from './scene.ts';

const MAKERS: Readonly<Record<PatternName, (scene: Scene) => Group>> = {
  ...{ single, sandwich, switchAndAsk, onlookers, mill },
  ...{ burst, twins, echoes, cancelRace, cancelStorm, closeRace, switches },
  ...{ sharedKey, keyInTwoSlots, alikeKeys, joinedKey },
  ...{ lateRepeat, repeatRace, keyLife, staleCancel, hangUp },
};
const FEW_SLOTS = 2;
/** Old requests of a slot that come again after the service was started again. */
const REPEATED_AFTER_RESTART = 3;

export interface PlanOptions {
  seed: number;
  config: RunConfig;
  knowledge: CityKnowledge;
  /** How often a single request becomes one of many at once. */
  burstRate: number;
  /** The service can be killed. */
  kills: boolean;
  /** Slots that are passed over. */
  isGivenUp: (slot: string) => boolean;
}

export class CityPlan {
  readonly #options: PlanOptions;

  constructor(options: PlanOptions) {
    this.#options = options;
  }

  placeOf(g: number): Place {
    return phaseOf(g, this.#options.config.operations, this.#options.kills);
  }

  /** The group with this number. */
  group(g: number): Group {
    const { seed, knowledge, burstRate } = this.#options;
    const prng = new Prng(seed, 'operation', g);
    const { phase, number } = this.placeOf(g);
    const scene = this.#scene(g, prng, this.#chooseSlot(prng, phase, number));
    if (knowledge.isUncertain(scene.slot) && prng.chance(0.8)) return settle(scene) ?? single(scene);
    const pattern = choosePattern(prng, phase);
    const isBurst = pattern === 'single' && prng.chance(burstRate * phase.intensity * 4);
    return MAKERS[isBurst ? 'burst' : pattern](scene);
  }

  /** After a restart: is everything there, are old requests still known, is every seat counted? */
  afterRestart(g: number, slot: string): Group {
    const { seed, knowledge } = this.#options;
    const prng = new Prng(seed, 'operation', g);
    const scene = this.#scene(g, prng, slot);
    const repeats = knowledge
      .kept(slot)
      .slice(-REPEATED_AFTER_RESTART)
      .map((call) => ({ actor: call.citizen, call, key: 'repeat' as const }));
    return steps(
      () => together(read(slot), list()),
      () => together(...repeats),
      () => scene.fill(),
    ) as Group;
  }

  #scene(n: number, prng: Prng, slot: string): Scene {
    const { knowledge, config, isGivenUp } = this.#options;
    return new Scene({ n, prng, slot, knowledge, config, isGivenUp });
  }

  #chooseSlot(prng: Prng, phase: Phase, number: number): string {
    const { slots } = this.#options.knowledge;
    if (phase.slots === 'all') return this.#orNext(prng.below(slots.length));
    const own = new Prng(this.#options.seed, 'chaos', phase.slots === 'one' ? 0 : number + 1);
    const first = own.below(slots.length);
    return this.#orNext(first + (phase.slots === 'one' ? 0 : prng.below(FEW_SLOTS)));
  }

  /** The slot at this position, or the next one that is not given up. */
  #orNext(position: number): string {
    const { slots } = this.#options.knowledge;
    const at = (i: number) => slots[(position + i) % slots.length] as string;
    for (let i = 0; i < slots.length; i++) if (!this.#options.isGivenUp(at(i))) return at(i);
    return at(0);
  }
}

function choosePattern(prng: Prng, phase: Phase): PatternName {
  const mix = Object.entries(phase.mix) as [PatternName, number][];
  let roll = prng.float() * mix.reduce((sum, [, share]) => sum + share, 0);
  for (const [name, share] of mix) {
    roll -= share;
    if (roll < 0) return name;
  }
  return 'single';
}
