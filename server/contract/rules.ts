/**
 * What a service promises, as data: its rules. They shape the plan, the model and the invariants together. A rule is
 * declared by the adapter, overridden by `--rule`, or learned in the first look; what is left is the booking contract's.
 */
import { z } from 'zod';
import type { DeclaredRules } from './rule-values.ts';

const stale = z.strictObject({ staleMs: z.number().int().min(0).max(3_600_000) });
const seats = z.int().min(1).max(10_000);

/** As an adapter or a flag writes them; every one may be left out. */
export const declaredRulesSchema: z.ZodType<DeclaredRules, DeclaredRules> = z.strictObject({
  /** Idempotency keys are honoured: a repeat with the same key has one effect. */
  keys: z.boolean().optional(),
  /** How long keys are honoured at least: for so many seconds, or among the newest so many. Null: for good. */
  keyTtl: z
    .union([
      z.strictObject({ seconds: z.number().positive().max(604_800) }),
      z.strictObject({ keys: z.int().min(1).max(10_000_000) }),
      z.null(),
    ])
    .optional(),
  /** How long a hold that is not paid stands. Null: as long as the scenario says. */
  holdTtl: z.union([z.strictObject({ seconds: z.number().positive().max(604_800) }), z.null()]).optional(),
  /** Seats of a slot: a number, or the least and the most. */
  capacity: z
    .union([seats, z.tuple([seats, seats]).refine(([least, most]) => least <= most, 'the least comes first')])
    .optional(),
  /** A unit stays free for some minutes between two bookings, where the scenario says so. */
  buffer: z.boolean().optional(),
  /** A citizen has one active booking in a slot at most. */
  onePerCitizen: z.boolean().optional(),
  /** What the second cancel of a booking is answered. */
  secondCancel: z.enum(['ok', 'refused']).optional(),
  /** Slots can be closed to bookings, and opened again. */
  closing: z.boolean().optional(),
  /** What a cancel names: the booking, or the citizen and the slot. */
  cancelsBy: z.enum(['booking', 'citizen']).optional(),
  /** Only the citizen who made a booking may cancel it. */
  ownCancelOnly: z.boolean().optional(),
  /** Which reads may lag behind, and by how many ms; what is left out is strong. */
  reads: z.strictObject({ read: stale.optional(), list: stale.optional() }).optional(),
  /** The share of an operation's first attempts, from 0 to 1, that may be answered 5xx with no cause of ours. */
  errors: z.number().min(0).max(1).optional(),
});
export * from './rule-values.ts';
