/** The one shape of errors, and their codes. */
import { z } from 'zod';

export const ERROR_CODES = [
  'invalid_request',
  'unauthorized',
  'forbidden',
  'not_found',
  'ambiguous_run',
  'run_ended',
  'pruned',
  'sequence_gap',
  'sequence_conflict',
  'not_deterministic',
  'lease_lost',
  'too_large',
  'unstorable_text',
  'unsupported_media_type',
  'too_many_requests',
  'unavailable',
  'internal',
] as const;

export const apiErrorSchema = z.object({
  error: z.object({
    code: z.enum(ERROR_CODES),
    /** What was wrong and what would be right. */
    message: z.string(),
    /** For `sequence_gap`: the index that the next event must have. */
    expected: z.int().optional(),
  }),
});
export type ApiErrorBody = z.infer<typeof apiErrorSchema>;
export type ErrorCode = ApiErrorBody['error']['code'];
