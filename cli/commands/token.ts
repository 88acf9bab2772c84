/** `simcity token`: makes, lists and revokes the tokens that a server takes, in its database. */
import { z } from 'zod';
import { scopeSchema, tokenInfoSchema } from '../../server/contract/index.ts';
import { dataDirOf } from '../hosting/data-dir.ts';
import { runServerTool } from '../hosting/server-tool.ts';
import { type Column, tableLines } from '../output/table.ts';
import type { Context } from '../process/context.ts';
import { EXIT } from '../process/errors.ts';
import { safeJson, safeText } from '../run/sanitize.ts';

interface TokenFlags {
  dataDir?: string;
  json?: true;
}

const createdSchema = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(scopeSchema),
  token: z.string(),
});
const listSchema = z.object({ tokens: z.array(tokenInfoSchema) });
const forgottenSchema = z.object({ forgotten: z.array(z.string()) });
const revokedSchema = z.object({ revoked: z.array(z.string()) });
type Token = z.infer<typeof tokenInfoSchema>;

/** The token itself goes to stdout, so that it can be piped into a secret store; what to do with it to stderr. */
export async function createToken(
  context: Context,
  flags: TokenFlags & { name: string; scope: string[]; days?: number },
): Promise<number> {
  const days = flags.days === undefined ? [] : ['--days', String(flags.days)];
  const scopes = flags.scope.flatMap((scope) => ['--scope', scope]);
  const args = ['token', 'create', '--name', flags.name, ...scopes, ...days];
  const made = await runServerTool(context, dataDirOf(context, flags.dataDir), args, createdSchema);
  if (flags.json) {
    await context.out(`${safeJson(made)}\n`);
    return EXIT.pass;
  }
  await context.out(`${made.token}\n`);
  context.err(
    `simcity: token ${made.name} may ${made.scopes.join(' and ')}. It is stored hashed, so this is the only time that it is shown.\n` +
      '  Use it as SIMCITY_TOKEN. From now on this server asks everybody for a token.\n',
  );
  return EXIT.pass;
}

export async function listTokens(context: Context, flags: TokenFlags): Promise<number> {
  const { tokens } = await runServerTool(
    context,
    dataDirOf(context, flags.dataDir),
    ['token', 'list'],
    listSchema,
  );
  if (flags.json) {
    await context.out(`${safeJson({ tokens })}\n`);
    return EXIT.pass;
  }
  if (tokens.length === 0) context.err('simcity: there is no token; `simcity token create` makes one.\n');
  else await context.out(`${tableLines(COLUMNS, tokens).join('\n')}\n`);
  return EXIT.pass;
}

export async function revokeToken(context: Context, which: string, flags: TokenFlags): Promise<number> {
  const args = ['token', 'revoke', which];
  const { revoked } = await runServerTool(context, dataDirOf(context, flags.dataDir), args, revokedSchema);
  await context.out(
    flags.json
      ? `${safeJson({ revoked })}\n`
      : revoked.map((name) => `revoked  ${safeText(name)}\n`).join(''),
  );
  return EXIT.pass;
}

export async function forgetTokens(context: Context, flags: TokenFlags): Promise<number> {
  const args = ['token', 'forget'];
  const { forgotten } = await runServerTool(
    context,
    dataDirOf(context, flags.dataDir),
    args,
    forgottenSchema,
  );
  await context.out(
    flags.json
      ? `${safeJson({ forgotten })}\n`
      : forgotten.map((name) => `forgotten  ${safeText(name)}\n`).join(''),
  );
  return EXIT.pass;
}

const COLUMNS: Column<Token>[] = [
  { title: 'ID', value: ({ id }) => safeText(id) },
  { title: 'NAME', value: ({ name }) => safeText(name) },
  { title: 'SCOPES', value: ({ scopes }) => scopes.join(',') },
  { title: 'CREATED', value: ({ createdAt }) => createdAt },
  { title: 'STATE', value: stateOf },
];

function stateOf({ revokedAt, expiresAt }: Token): string {
  if (revokedAt !== null) return `revoked ${revokedAt}`;
  if (expiresAt === null) return 'valid';
  return Date.parse(expiresAt) <= Date.now() ? `expired ${expiresAt}` : `valid until ${expiresAt}`;
}
