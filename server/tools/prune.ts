/** `server prune <request as JSON>`: removes old runs. */
import { pruneRequestSchema } from '../contract/index.ts';
import type { Sql } from '../db/client.ts';
import { prune } from '../retention/prune.ts';
import { wrongUsage } from './usage.ts';

export async function runPrune(sql: Sql, args: string[]): Promise<unknown> {
  const request = pruneRequestSchema.safeParse(parse(args));
  if (request.success) return prune(sql, request.data);
  const [issue] = request.error.issues;
  throw wrongUsage(`prune ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it takes one JSON object'}`);
}

function parse(args: string[]): unknown {
  try {
    return args.length === 1 ? JSON.parse(String(args[0])) : undefined;
  } catch {
    return undefined;
  }
}
