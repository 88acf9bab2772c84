/** `server token …`: makes, lists and revokes tokens in the database. */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { newToken } from '../access/token.ts';
import { SCOPES, scopeSchema, tokenNameSchema } from '../contract/index.ts';
import type { Sql } from '../db/client.ts';
import { forgetTokens, insertToken, listTokens, revokeToken } from '../db/tokens.ts';
import { StartupError } from '../startup-error.ts';
import { wrongUsage } from './usage.ts';

const createSchema = z.object({
  name: tokenNameSchema,
  scope: z.array(scopeSchema).min(1),
  days: z.coerce.number().positive().max(36_500).optional(),
});

/** What is printed. Only `create` holds a secret, and only this once. */
export async function runTokens(sql: Sql, args: string[]): Promise<unknown> {
  const [what, ...rest] = args;
  if (what === 'create') return create(sql, rest);
  if (what === 'list' && rest.length === 0) return { tokens: await listTokens(sql) };
  if (what === 'revoke' && rest.length === 1) return revoke(sql, String(rest[0]));
  if (what === 'forget' && rest.length === 0) return { forgotten: await forgetTokens(sql) };
  throw wrongUsage('token takes create --name NAME --scope SCOPE, list, revoke NAME, or forget');
}

async function create(sql: Sql, args: string[]): Promise<unknown> {
  const { values } = parseArgs({
    args,
    options: {
      name: { type: 'string' },
      scope: { type: 'string', multiple: true },
      days: { type: 'string' },
    },
  });
  const asked = createSchema.safeParse(values);
  if (!asked.success) {
    throw wrongUsage(asked.error.issues.map((i) => `--${i.path.join('.')}: ${i.message}`).join('; '));
  }
  const { name, days } = asked.data;
  const scopes = SCOPES.filter((scope) => asked.data.scope.includes(scope));
  const { id, token, hash } = newToken();
  if (!(await insertToken(sql, { id, name, scopes, hash }, days ?? null))) {
    throw new StartupError('name_taken', `there is a token with the name ${name} already`, {
      hint: `Choose another name, or revoke it first: simcity token revoke ${name}`,
      exitCode: 2,
    });
  }
  return { id, name, scopes, token };
}

async function revoke(sql: Sql, which: string): Promise<unknown> {
  const revoked = await revokeToken(sql, which);
  if (revoked.length > 0) return { revoked };
  throw new StartupError(
    'no_such_token',
    `there is no token ${JSON.stringify(which)} that could be revoked`,
    {
      hint: 'simcity token list shows those there are.',
      exitCode: 2,
    },
  );
}
