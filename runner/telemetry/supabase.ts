/**
 * Posts batches of telemetry to a Supabase project by its REST interface, with its official client: one call
 * of the stored function simcity_push a batch. What an answer means is told as the server's own answers are.
 */
import type { PostgrestClient } from '@supabase/postgrest-js';
import { z } from 'zod';
import { retryAfterMs, telemetryAnswerSchema } from '../../server/contract/index.ts';
import type { Poster, PostOutcome } from './post.ts';

export interface SupabaseProject {
  /** `https://PROJECT.supabase.co`. */
  url: string;
  /** The service role's key; a secret. */
  key: string;
}

interface RunOfProject {
  runId: string;
  token: string;
}

interface RpcError {
  code?: string;
  message: string;
  details?: string | null;
}

/** By SQLSTATE of simcity_push: the server's status and code for the same. */
const REFUSALS: Record<string, { status: number; code: string }> = {
  SC002: { status: 409, code: 'sequence_gap' },
  SC003: { status: 409, code: 'sequence_conflict' },
  SC004: { status: 404, code: 'not_found' },
  SC005: { status: 400, code: 'invalid_request' },
  SC006: { status: 400, code: 'invalid_request' },
  SC007: { status: 413, code: 'too_large' },
  SC008: { status: 422, code: 'unstorable_text' },
};

/** Passes by itself: connections, resources, shutdowns, conflicts, time-outs; PostgREST without its database. */
const PASSING = /^(08|53|57P|PGRST00)|^(40001|40P01|55P03|57014|PGRST002|PGRST003)$/;

/** The client's code is loaded with the first batch; an unanswered request ends after `timeoutMs`. */
export function createSupabasePoster(project: SupabaseProject, run: RunOfProject, timeoutMs: number): Poster {
  let loading: Promise<Connect> | undefined;
  return {
    async post(body, signal) {
      loading ??= load(project);
      const connect = await loading;
      let afterMs: number | null = null;
      // The client tells no header of an answer.
      const client = connect(async (...request) => {
        const response = await fetch(...request);
        afterMs = retryAfterMs(response.headers.get('retry-after') ?? undefined);
        return response;
      });
      const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      const args = { p_run: run.runId, p_token: run.token, p_batch: body };
      const { data, error, status } = await client.rpc('simcity_push', args).abortSignal(limit);
      return error ? interpretError(status, error, afterMs) : interpretAnswer(data);
    },
    close: () => undefined,
  };
}

/** A client whose requests go out by `send`. */
type Connect = (send: typeof fetch) => PostgrestClient;

async function load({ url, key }: SupabaseProject): Promise<Connect> {
  const { PostgrestClient } = await import('@supabase/postgrest-js');
  const headers = { apikey: key, Authorization: `Bearer ${key}` };
  // Retried here, by the sink, which knows what may be sent again.
  return (send) => new PostgrestClient(new URL('/rest/v1', url).href, { headers, retry: false, fetch: send });
}

const differenceSchema = z.object({
  difference: z.object({ what: z.enum(['event', 'snapshot']), index: z.int() }),
});

/** An error would have taken back that the run has ended with it, so that it is an answer. */
function differs({ what, index }: z.infer<typeof differenceSchema>['difference']): PostOutcome {
  const message = `the ${what} with index ${index} differs from the one that an earlier attempt stored`;
  return { kind: 'refused', status: 409, code: 'not_deterministic', message, expected: null };
}

function interpretAnswer(data: unknown): PostOutcome {
  const answer = telemetryAnswerSchema.safeParse(data);
  if (answer.success) return { kind: 'accepted', answer: answer.data };
  const different = differenceSchema.safeParse(data);
  if (different.success) return differs(different.data.difference);
  return { kind: 'retry', why: 'an answer that is not that of simcity_push', afterMs: null };
}

/** `status` is 0 when no answer came; `afterMs` is what the header `Retry-After` asks for. */
function interpretError(
  status: number,
  { code = '', message, details }: RpcError,
  afterMs: number | null,
): PostOutcome {
  if (code === 'SC001') return { kind: 'lease-lost', message };
  const known = REFUSALS[code];
  if (known) {
    const expected = code === 'SC002' && /^\d+$/.test(details ?? '') ? Number(details) : null;
    return { kind: 'refused', ...known, message, expected };
  }
  const passes = status === 0 || status >= 500 || status === 408 || status === 429 || PASSING.test(code);
  if (passes) return { kind: 'retry', why: `${status} ${code} ${message}`.trim(), afterMs };
  return {
    kind: 'refused',
    status,
    code: code || `http_${status}`,
    message: withAdvice(code, status, message),
    expected: null,
  };
}

function withAdvice(code: string, status: number, message: string): string {
  if (code === 'PGRST202' || code === '42883')
    return `${message}. The project lacks the migrations of SimCity: apply sql/ with supabase db push.`;
  if (status === 401 || status === 403 || code === '42501')
    return `${message}. SUPABASE_SERVICE_ROLE_KEY must be the service role's key of the project at SUPABASE_URL.`;
  return message;
}
