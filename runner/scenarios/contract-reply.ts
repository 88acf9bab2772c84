/** What an answer means by the contract of its scenario, and what a service that keeps to it shows. */
import type { z } from 'zod';
import type { HttpAnswer, HttpReply, Send } from '../public.ts';
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

/** What the service shows at `path`, all of it. @throws an Error when that is not of this shape */
export async function contractShown<Shown>(
  send: Send,
  path: string,
  shape: z.ZodType<Shown>,
): Promise<Shown> {
  const answer = await send({ method: 'GET', path });
  const parsed = shape.safeParse(answer.json);
  if (answer.status === 200 && parsed.success) return parsed.data;
  throw new Error(`GET ${path} was answered ${answer.status}, or not in the shape of the contract`);
}

function issueIn({ issues: [issue] }: z.ZodError): string {
  return `${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'not valid'}`;
}
