/** Who may do what: the scopes of tokens, and signing in from a browser. */
import { z } from 'zod';
import { SCOPES } from './names.ts';
import { TOKEN_NAME } from './setting-text.ts';

/** Telemetry has a token of its own for each run. */
export const scopeSchema = z.enum(SCOPES);

/** A name under which people know a token; it is shown and logged. */
export const tokenNameSchema = z
  .string()
  .regex(TOKEN_NAME, 'letters, digits, dots, dashes and underscores, at most 64, a letter or digit first');

/** `POST /admin/simcity/session`: a token, for which the browser gets a cookie that scripts cannot read. */
export const signInSchema = z.strictObject({ token: z.string().min(1).max(500) });

/** `GET /admin/simcity/session`: what the caller may do. */
export const sessionSchema = z.object({
  /** True when this server answers only to those who have a token. */
  required: z.boolean(),
  /** The name of the token that the caller has; null without one. */
  name: z.string().nullable(),
  /** What the caller may do here. */
  scopes: z.array(scopeSchema),
});
export type Session = z.infer<typeof sessionSchema>;

/** A token as operators see it: never its secret. */
export const tokenInfoSchema = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(scopeSchema),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
});
export type TokenInfo = z.infer<typeof tokenInfoSchema>;
