/** What a shard that was executed by itself found, as one line of JSON; `simcity campaign merge` puts them together. */
import { z } from 'zod';
import { runConfigSchema, seedRangeSchema, tallySchema } from '../../../server/contract/index.ts';
import { usageError } from '../../process/errors.ts';
import { safeText } from '../../run/sanitize.ts';

const FORMAT = 'simcity-shard-1';

export const shardDocumentSchema = z.object({
  format: z.literal(FORMAT),
  shard: z.object({ number: z.int().min(1), count: z.int().min(1) }),
  /** The whole, as each of its shards was executed. */
  campaign: z.object({
    scenario: z.string(),
    target: z.string(),
    config: runConfigSchema,
    seeds: z.array(seedRangeSchema),
    generation: z.int(),
    version: z.string(),
    /** Hashes of the engine's code, and of the user's; null: it has none. */
    build: z.string().nullable(),
    code: z.string().nullable(),
  }),
  /** `whole`: all of its seeds were executed; `time`: those that its time allowed; `stopped`: those until somebody stopped it. */
  end: z.enum(['whole', 'time', 'stopped']),
  tally: tallySchema,
});
export type ShardDocument = z.infer<typeof shardDocumentSchema>;

/** A document, and where it is from. */
export interface NamedDocument {
  name: string;
  document: ShardDocument;
}

export function documentText(document: Omit<ShardDocument, 'format'>): string {
  return `${JSON.stringify({ format: FORMAT, ...document })}\n`;
}

/** Where a document begins, which logs may have something in front of. */
const BEGIN = '{"format":"simcity-shard-';

/** The document of a line of a file or a log; null: it has none. @throws CliError that names the file, where it cannot be read. */
export function documentOfLine(line: string, name: string): NamedDocument | null {
  const begin = line.indexOf(BEGIN);
  return begin === -1 ? null : { name, document: documentIn(line.slice(begin), name) };
}

function documentIn(text: string, name: string): ShardDocument {
  const parsed = shardDocumentSchema.safeParse(jsonOf(text, name));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unreadable(name, `${issue?.path.join('.')}: ${issue?.message}`);
}

function jsonOf(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable(name, 'its line was cut off');
  }
}

function unreadable(name: string, why: string): Error {
  return usageError(
    `${safeText(name)} has a shard that cannot be read: ${safeText(why)}.`,
    'Execute it again by this version of SimCity.',
  );
}
