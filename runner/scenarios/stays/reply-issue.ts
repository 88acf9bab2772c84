/** What is wrong with what an adapter of the user's makes of an answer, before the model takes it for the service's. */
import { z } from 'zod';
import type { Reply } from '../../public.ts';
import type { StayCall } from './calls.ts';
import { unitSchema, unitsSchema } from './http-contract.ts';
import { EMPTY, TAKEN, UNKNOWN } from './replies.ts';

const REASONS = [TAKEN, EMPTY, UNKNOWN].flatMap((reply) =>
  reply.outcome === 'refused' ? [reply.reason] : [],
);
const stay = z.object({ id: z.string(), unit: z.int(), from: z.number(), to: z.number() });
const VALUES: Partial<Record<StayCall['operation'], z.ZodType>> = {
  book: unitSchema,
  series: unitsSchema,
  move: unitSchema,
  search: unitsSchema,
  read: z.object({ units: z.int(), buffer: z.int(), bookings: z.array(stay) }),
};

export function replyIssueOf({ operation }: StayCall, reply: Reply): string | null {
  if (reply.outcome === 'refused') {
    return REASONS.includes(reply.reason)
      ? null
      : `no reason is ${JSON.stringify(reply.reason)}: ${REASONS.join(', ')}`;
  }
  if (reply.outcome !== 'ok') return null;
  const [issue] = VALUES[operation]?.safeParse(reply.value).error?.issues ?? [];
  return issue ? `a value with ${issue.path.join('.')}: ${issue.message}` : null;
}
