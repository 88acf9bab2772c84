/** What an answer means by the contract of its scenario. */
import type { z } from 'zod';
import type { HttpAnswer, HttpReply } from '../public.ts';
import type { ContractRequest } from './http-contract.ts';

/**
 * An answer from 400 on refuses, with its `error` as the reason; any that the contract does not know is wrong. `knownOf`
 * makes of another what the model knows.
 */
export function contractReply(
  what: string,
  { answers }: ContractRequest,
  { status, json }: HttpAnswer,
  knownOf: (said: unknown) => Record<string, unknown>,
): HttpReply {
  const known = answers[status];
  if (!known) return { outcome: 'wrong', why: `${what} was answered ${status}` };
  const parsed = known.body?.safeParse(json);
  if (parsed?.success === false) {
    return { outcome: 'wrong', why: `${what} had the answer of another shape: ${issueIn(parsed.error)}` };
  }
  const said = parsed?.data;
  if (status >= 400) return { outcome: 'refused', reason: (said as { error: string }).error };
  return { outcome: 'ok', value: knownOf(said) };
}

function issueIn({ issues: [issue] }: z.ZodError): string {
  return `${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'not valid'}`;
}
