/** What is wrong with what an adapter of the user's makes of an answer, before the model takes it for the service's. */
import { z } from 'zod';
import type { Reply } from '../../public.ts';
import type { House, StayCall } from './calls.ts';
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

export function replyIssueOf(call: StayCall, reply: Reply, world: unknown): string | null {
  const { operation } = call;
  if (reply.outcome === 'refused') {
    return REASONS.includes(reply.reason)
      ? null
      : `no reason is ${JSON.stringify(reply.reason)}: ${REASONS.join(', ')}`;
  }
  if (reply.outcome !== 'ok') return null;
  const [issue] = VALUES[operation]?.safeParse(reply.value).error?.issues ?? [];
  if (issue) return `a value with ${issue.path.join('.')}: ${issue.message}`;
  return call.operation === 'read' && world !== null
    ? resourceIssue(call.resource, reply.value, world as House)
    : null;
}

/** Units and minutes between bookings are what the reset asked for: no call changes them. */
function resourceIssue(id: string, value: object, { resources }: House): string | null {
  const wanted = resources.find((resource) => resource.id === id);
  const shown = value as { units: number; buffer: number };
  if (!wanted) return null;
  if (shown.units !== wanted.units)
    return `${id} has units: ${shown.units}, where the reset asked for ${wanted.units}. Where the service has a number of its own, declare it as the rule capacity`;
  if (shown.buffer !== wanted.buffer)
    return `${id} has buffer: ${shown.buffer}, where the reset asked for ${wanted.buffer}. Where the service keeps nothing free between bookings, declare the rule buffer: false`;
  return null;
}
