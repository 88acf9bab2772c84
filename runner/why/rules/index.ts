/** The rules, in the order in which they are asked: what is told most surely comes first. */

import { errorAsAnswer, lostAck, retryLeak } from './errors.ts';
import { idClash, keyScope } from './identity.ts';
import type { Rule } from './rule.ts';
import {
  countedTwice,
  doubleEffect,
  foreignWrite,
  keptRefusal,
  tornWrite,
  voidWrite,
  wrongWrite,
} from './writes.ts';

export const RULES: readonly Rule[] = [
  retryLeak,
  errorAsAnswer,
  lostAck,
  keyScope,
  idClash,
  keptRefusal,
  // A repeat that writes to a row of others is wrong by that already.
  wrongWrite,
  doubleEffect,
  voidWrite,
  tornWrite,
  countedTwice,
  foreignWrite,
];
