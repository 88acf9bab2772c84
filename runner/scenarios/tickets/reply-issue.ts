/** What is wrong with what an adapter of the user's makes of an answer, before the model takes it for the service's. */
import { z } from 'zod';
import type { Reply } from '../../public.ts';
import type { TicketCall } from './calls.ts';
import { BOX_OFFICE_CONTRACT, eventShownSchema, orderSchema, paymentSchema } from './http-contract.ts';

const order = orderSchema.extend({ expiresAt: z.number().nullable() });
const VALUES: Partial<Record<TicketCall['operation'], z.ZodType>> = {
  hold: z.object({ expiresAt: z.number() }),
  pay: paymentSchema,
  read: eventShownSchema.extend({ opensAt: z.number(), orders: z.array(order) }),
};

export function replyIssueOf({ operation }: TicketCall, reply: Reply): string | null {
  if (reply.outcome === 'failed') return null;
  if (reply.outcome === 'ok') {
    const [issue] = VALUES[operation]?.safeParse(reply.value).error?.issues ?? [];
    return issue ? `a value with ${issue.path.join('.')}: ${issue.message}` : null;
  }
  const { answers } = BOX_OFFICE_CONTRACT.requests[operation];
  const reasons: readonly string[] = 409 in answers ? answers[409].body.shape.error.options : [];
  if (reasons.includes(reply.reason)) return null;
  return `no reason for which ${operation} is refused is ${JSON.stringify(reply.reason)}: ${reasons.join(', ') || 'none'}`;
}
