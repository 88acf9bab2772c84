/** Takes what an adapter says of an answer for the reply that it is, or says what is wrong with it. */
import { z } from 'zod';
import type { JsonObject } from '../../../server/contract/index.ts';
import type { Call, Reply } from '../../service/call.ts';

export const REFUSALS = [
  'full',
  'closed',
  'already-booked',
  'no-such-slot',
  'no-such-booking',
  'not-yours',
  'unavailable',
] as const;

const id = z.union([z.string().min(1), z.number()]).transform(String);
const count = z.int().min(0);
const entry = z
  .object({ id: id.optional(), citizen: z.string().min(1).optional() })
  .refine((booking) => booking.id !== undefined || booking.citizen !== undefined, {
    message: 'it needs an id, or a citizen',
  });
const slot = { capacity: z.int().optional(), open: z.boolean().optional() };
const nothing = z.unknown().transform(() => ({}));
const anything = z.record(z.string(), z.unknown());
/** The values of `bookings`, by operation. */
const VALUES: Readonly<Record<string, z.ZodType<Record<string, unknown>>>> = {
  book: z.object({ booking: id.optional() }),
  read: z.object({ ...slot, bookings: z.union([count, z.array(entry)]) }),
  list: z.object({ slots: z.array(z.object({ id, ...slot, bookings: count })) }),
  cancel: nothing,
  open: nothing,
  close: nothing,
};

const replySchema = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('ok'), value: anything.nullish() }),
  z.object({ outcome: z.literal('refused'), reason: z.string().min(1) }),
  z.object({ outcome: z.literal('failed'), error: z.string() }),
  z.object({ outcome: z.literal('wrong'), why: z.string() }),
]);

export interface ReplyCheck {
  /** The values and reasons are those of `bookings`; any other scenario says itself what is wrong with its own. */
  readonly isBookings: boolean;
  readonly issueOf: (call: Call, reply: Reply) => string | null;
  /** A booking is known by its id alone, so that a `book` has to show it. */
  readonly needsIds: boolean;
}

/** A reply, an answer that is wrong in the adapter's own words, or what makes it none. */
export type CheckedReply =
  | Reply
  | { readonly outcome: 'wrong'; readonly why: string }
  | { readonly no: string };

export function checkReply(call: Call, said: unknown, check: ReplyCheck): CheckedReply {
  const parsed = replySchema.safeParse(said);
  if (!parsed.success) return { no: `${issueText(parsed.error)} in ${shortJson(said)}` };
  const reply = parsed.data;
  if (reply.outcome === 'wrong') return reply;
  if (!check.isBookings) return checkOther(call, reply, check);
  if (reply.outcome === 'refused') {
    const isKnown = (REFUSALS as readonly string[]).includes(reply.reason);
    return isKnown ? reply : { no: `no reason is ${JSON.stringify(reply.reason)}: ${REFUSALS.join(', ')}` };
  }
  if (reply.outcome !== 'ok') return reply;
  const given = reply.value ?? {};
  const value = (VALUES[call.operation] ?? anything).safeParse(given);
  if (!value.success) return { no: `a value with ${issueText(value.error)} in ${shortJson(given)}` };
  if (call.operation === 'book' && check.needsIds && value.data['booking'] === undefined)
    return { no: NO_ID };
  return { outcome: 'ok', value: { ...ownOf(call), ...value.data } as JsonObject };
}

function checkOther(
  call: Call,
  said: Exclude<z.output<typeof replySchema>, { outcome: 'wrong' }>,
  { issueOf }: ReplyCheck,
): CheckedReply {
  const reply: Reply =
    said.outcome === 'ok' ? { outcome: 'ok', value: (said.value ?? {}) as JsonObject } : said;
  const issue = issueOf(call, reply);
  return issue === null ? reply : { no: `${issue} in ${shortJson(said)}` };
}

const NO_ID =
  'no `booking` in the value, which is the id that a cancel needs (where a cancel names citizen and slot, declare the rule cancelsBy: "citizen")';

/** What a reply repeats of its call. */
function ownOf(call: Call): Record<string, unknown> {
  if (call.operation === 'read') return { id: call['slot'] };
  return call.operation === 'cancel' ? { booking: call['booking'] } : {};
}

function issueText(error: z.ZodError): string {
  const [issue] = error.issues;
  return `${issue?.path.join('.') || 'the reply'}: ${issue?.message ?? 'not valid'}`;
}

function shortJson(value: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(value) ?? String(value);
  } catch {
    text = String(value);
  }
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
