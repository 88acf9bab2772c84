/** Which patterns come in which phase, and what of the service each of them needs. */
import type { ServiceRules } from '../../../../server/contract/index.ts';
import type { Mixes } from '../../../harness/live/phases.ts';
import { alikeKeys, joinedKey, keyInTwoSlots, sharedKey } from './patterns/alike-keys.ts';
import { mill, onlookers, sandwich, single, switchAndAsk } from './patterns/looks.ts';
import { hangUp, keyLife, lateRepeat, repeatRace, staleCancel } from './patterns/repeats.ts';
import {
  burst,
  cancelRace,
  cancelStorm,
  closeRace,
  echoes,
  fillUp,
  foreignCancel,
  switches,
  twins,
} from './patterns/rivals.ts';
import type { Group } from './planned.ts';
import type { Scene } from './scene.ts';

export const MAKERS = {
  ...{ single, sandwich, switchAndAsk, onlookers, mill },
  ...{ burst, twins, echoes, cancelRace, cancelStorm, closeRace, switches, foreignCancel, fillUp },
  ...{ sharedKey, keyInTwoSlots, alikeKeys, joinedKey },
  ...{ lateRepeat, repeatRace, keyLife, staleCancel, hangUp },
} as const satisfies Record<string, (scene: Scene) => Group>;
export type PatternName = keyof typeof MAKERS;

export const MIXES: Mixes<PatternName> = {
  calm: {
    ...{ single: 40, sandwich: 12, switchAndAsk: 4, keyLife: 6, staleCancel: 4, twins: 4 },
    ...{ sharedKey: 6, keyInTwoSlots: 6, alikeKeys: 12, joinedKey: 6, foreignCancel: 8, fillUp: 12 },
  },
  contention: {
    ...{ single: 14, burst: 20, twins: 8, echoes: 8, cancelRace: 14, cancelStorm: 8 },
    ...{ closeRace: 10, switches: 4, repeatRace: 5, onlookers: 9, foreignCancel: 6 },
  },
  restart: { single: 46, burst: 12, cancelRace: 10, lateRepeat: 18, keyLife: 8, switchAndAsk: 6 },
  retries: {
    ...{ single: 30, burst: 6, sharedKey: 7, keyInTwoSlots: 7, alikeKeys: 14, joinedKey: 7 },
    ...{ lateRepeat: 10, repeatRace: 6, keyLife: 8, staleCancel: 5, hangUp: 12 },
  },
  soak: {
    ...{ single: 22, mill: 26, burst: 8, twins: 4, cancelRace: 8, lateRepeat: 8, fillUp: 8 },
    ...{ onlookers: 8, sandwich: 8, closeRace: 4, keyLife: 4, hangUp: 5 },
  },
};

const KEYED: readonly PatternName[] = [
  ...(['sharedKey', 'keyInTwoSlots', 'alikeKeys', 'joinedKey'] as const),
  ...(['echoes', 'lateRepeat', 'repeatRace', 'keyLife'] as const),
];
const SWITCHING: readonly PatternName[] = ['switchAndAsk', 'closeRace', 'switches'];
const CANCELLING: readonly PatternName[] = [
  'cancelRace',
  'cancelStorm',
  'staleCancel',
  'mill',
  'foreignCancel',
];
/** A slot with more seats than this is filled up on purpose. */
const FILLS_BY_ITSELF = 5;

/** True for a pattern that a service with these rules and operations can be met with. */
export function suits(
  pattern: PatternName,
  {
    rules,
    offers,
    isContract,
  }: { rules: Readonly<ServiceRules>; offers: (operation: string) => boolean; isContract: boolean },
): boolean {
  if (KEYED.includes(pattern) && !rules.keys) return false;
  if (SWITCHING.includes(pattern) && !rules.closing) return false;
  if (CANCELLING.includes(pattern) && !offers('cancel')) return false;
  if (pattern === 'joinedKey') return isContract;
  if (pattern === 'foreignCancel') return rules.ownCancelOnly;
  return pattern !== 'fillUp' || rules.capacity.most > FILLS_BY_ITSELF;
}
