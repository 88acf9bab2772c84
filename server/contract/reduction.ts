/** A part of a run, and its text form, short enough to type: `ops=3,17-19;mute=17.0.delay;order=17.0*2,18.0;variant=4`. */
import { z } from 'zod';

/** So many steps of one request: planned operation, attempt, `d` for a duplicate. */
export const orderEntrySchema = z.object({
  request: z.string().regex(/^\d{1,15}\.\d{1,9}d?$/),
  steps: z.int().min(1).max(1_000_000),
});
export type OrderEntry = z.infer<typeof orderEntrySchema>;

/**
 * A run cut down to a part of itself, as `shrink` makes it: only these of the operations that the seed
 * plans, without some of the faults that it draws, and with a schedule of its own.
 */
export const reductionSchema = z
  .object({
    /** Numbers of the planned operations that are kept, ascending. */
    operations: z.array(z.int().min(0)).max(100_000),
    /** Faults that do not strike, as `<planned operation>.<attempt>.<fault>`: `17.0.drop-response`. */
    muted: z.array(z.string().max(100)).max(100_000).default([]),
    /**
     * Which of the ready requests takes each step, by position; 0 (the one that has been ready longest) where
     * the list is at its end. Null: the run's strategy decides.
     */
    schedule: z.array(z.int().min(0)).max(1_000_000).nullable().default(null),
    /**
     * Which request takes each step, by name: also true where others than those of the recorded execution are ready. Past
     * the end of the list, or where none that it names can go, the one that has been ready longest. Null, or left out: no
     * such list.
     */
    order: z.array(orderEntrySchema).max(1_000_000).nullable().optional(),
    /** Draws all that is a matter of time anew (pauses, latencies, the strategy's choices); 0: as the seed has it. */
    variant: z.int().min(0).max(1_000_000_000).default(0),
    /**
     * The first internal error that nothing explains fails the run: what is small cannot have so many of them as its
     * whole had.
     */
    anyError: z.literal(true).optional(),
  })
  .refine(({ schedule, order }) => schedule === null || !order, {
    message: 'schedule and order both say who takes the steps: give one of them',
  });
export type Reduction = z.infer<typeof reductionSchema>;

/** The text of a reduction; `parseReduction` reads it back. What is at its default is left out. */
export function formatReduction(reduction: Reduction): string {
  const { operations, muted, schedule, order, variant, anyError } = reduction;
  const parts = [`ops=${formatNumbers(operations)}`];
  if (muted.length > 0) parts.push(`mute=${muted.join(',')}`);
  if (schedule) parts.push(`schedule=${schedule.join(',')}`);
  if (order) parts.push(`order=${order.map(formatEntry).join(',')}`);
  if (variant > 0) parts.push(`variant=${variant}`);
  if (anyError) parts.push('errors=any');
  return parts.join(';');
}

/** Reads the text form. Throws an Error that quotes what is wrong and says what would be right. */
export function parseReduction(text: string): Reduction {
  const fields: Record<string, unknown> = {};
  for (const part of text.split(';').filter((each) => each.trim() !== '')) {
    const at = part.indexOf('=');
    const name = part.slice(0, Math.max(at, 0)).trim();
    const value = part.slice(at + 1).trim();
    const read = READERS[name as keyof typeof READERS];
    if (at < 0 || !read)
      throw wrong(part, 'it takes ops=, mute=, schedule= or order=, variant= and errors=any');
    Object.assign(fields, read(value));
  }
  if (!('operations' in fields)) throw wrong(text, 'ops= must name the operations that are kept');
  if ('schedule' in fields && 'order' in fields) {
    throw wrong(text, 'schedule= and order= both say who takes the steps: give one of them');
  }
  const parsed = reductionSchema.safeParse(fields);
  if (!parsed.success) throw wrong(text, parsed.error.issues[0]?.message ?? 'it is not valid');
  return parsed.data;
}

const READERS = {
  ops: (value: string) => ({ operations: ascending(parseRanges(value)) }),
  mute: (value: string) => ({ muted: words(value) }),
  schedule: (value: string) => ({ schedule: words(value).map(wholeNumber) }),
  order: (value: string) => ({ order: words(value).map(readEntry) }),
  variant: (value: string) => ({ variant: wholeNumber(value) }),
  errors: (value: string) => {
    if (value !== 'any') throw wrong(value, 'errors= takes any');
    return { anyError: true };
  },
} as const;

const EXAMPLE = 'An example: ops=3,17-19;mute=17.0.delay;order=17.0*2,18.0,17.0';
/** As many as a reduction may hold; a range is never written out beyond that. */
const MOST = 100_000;

function wrong(text: string, why: string): Error {
  const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return new Error(`The reduction ${JSON.stringify(shown)} cannot be read: ${why}. ${EXAMPLE}.`);
}

function words(text: string): string[] {
  return text.split(',').flatMap((word) => (word.trim() === '' ? [] : [word.trim()]));
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw wrong(text, 'that is no whole number');
  return Number(text);
}

/** `48.0*4`; a single step is `48.0`. */
function readEntry(text: string): OrderEntry {
  const [request = '', times = '1', ...more] = text.split('*');
  const steps = wholeNumber(times.trim());
  if (more.length > 0 || steps < 1 || !/^\d{1,15}\.\d{1,9}d?$/.test(request.trim())) {
    throw wrong(text, 'order= lists requests with how many steps they take, as in 48.0*4,50.0d,48.0*3');
  }
  return { request: request.trim(), steps };
}

function formatEntry({ request, steps }: OrderEntry): string {
  return steps === 1 ? request : `${request}*${steps}`;
}

function parseRanges(text: string): number[] {
  const numbers: number[] = [];
  for (const word of words(text)) {
    const [first, last = first] = word.split('-');
    const from = wholeNumber(first ?? '');
    const to = wholeNumber(last ?? '');
    if (to < from || numbers.length + to - from >= MOST) {
      throw wrong(word, `a range goes upwards and holds less than ${MOST} numbers`);
    }
    for (let number = from; number <= to; number++) numbers.push(number);
  }
  return numbers;
}

function ascending(numbers: number[]): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}

function formatNumbers(numbers: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < numbers.length; ) {
    let end = i;
    while (numbers[end + 1] === (numbers[end] as number) + 1) end++;
    // Two neighbours read better as such than as a range.
    if (end - i < 2) parts.push(...numbers.slice(i, end + 1).map(String));
    else parts.push(`${numbers[i]}-${numbers[end]}`);
    i = end + 1;
  }
  return parts.join(',');
}
