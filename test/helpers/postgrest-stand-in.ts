/**
 * Stands in for PostgREST, over a real PostgreSQL: it verifies the key as a JWT (HS256), takes on the role that it
 * names for one transaction (`set local role`), calls the function with the named arguments of the body, and
 * answers errors with PostgREST's statuses and bodies, as its documentation has them.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errors, jwtVerify, SignJWT } from 'jose';
import postgres from 'postgres';

const SECRET = new TextEncoder().encode('a secret of at least thirty-two characters');
export type Role = 'anon' | 'authenticated' | 'service_role';

/** A key of the project, as Supabase makes them. */
export function keyOf(role: Role): Promise<string> {
  return new SignJWT({ role, iss: 'supabase' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(SECRET);
}

/** What happens to one request: it is taken; committed with its answer lost; or answered so. */
export type Step = 'take' | 'lose-the-answer' | Answer;

export interface Answer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

interface Failure {
  code: string;
  message: string;
  details: string | null;
  hint: string | null;
}

export class PostgrestStandIn {
  url = '';
  requests = 0;
  /** Decides about each request; its number counts from 1. */
  script: (request: number) => Step = () => 'take';
  readonly #sql: postgres.Sql;
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  /** `databaseUrl` as the role `authenticator`, which may become the others. */
  constructor(databaseUrl: string) {
    this.#sql = postgres(databaseUrl, { max: 4, onnotice: () => undefined });
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
    await this.#sql.end({ timeout: 1 });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    this.requests += 1;
    const step = this.script(this.requests);
    if (typeof step === 'object') return send(response, step);
    let role: string;
    try {
      role = await roleOf(request);
    } catch (error) {
      const code = error instanceof errors.JWTExpired ? 'PGRST303' : 'PGRST301';
      const body: Failure = { code, message: String(error), details: null, hint: null };
      return send(response, { status: 401, body });
    }
    const answer = await this.#transact(role, request, text);
    if (step === 'lose-the-answer') response.destroy();
    else send(response, answer);
  }

  async #transact(role: string, request: IncomingMessage, text: string): Promise<Answer> {
    const name = new URL(request.url ?? '', this.url).pathname;
    try {
      const body = await this.#sql.begin(async (tx) => {
        await tx`select set_config('role', ${role}, true), set_config('request.jwt.claims', ${JSON.stringify({ role })}, true)`;
        const called = /^\/rest\/v1\/rpc\/(\w+)$/.exec(name)?.[1];
        if (called !== undefined)
          return await callFunction(tx, called, JSON.parse(text) as Record<string, unknown>);
        const table = /^\/rest\/v1\/(\w+)$/.exec(name)?.[1] ?? '';
        return await tx`select * from ${tx(`public.${table}`)}`;
      });
      return { status: 200, body };
    } catch (error) {
      const { code = 'XX000', message, detail, hint } = error as postgres.PostgresError;
      const failure: Failure = { code, message, details: detail ?? null, hint: hint ?? null };
      return { status: statusOf(code, role), body: failure };
    }
  }
}

async function callFunction(tx: postgres.TransactionSql, name: string, args: Record<string, unknown>) {
  const names = Object.keys(args).sort();
  const [found] = await tx`
    select from pg_proc where pronamespace = 'public'::regnamespace and proname = ${name}
      and (select array_agg(a::text order by a) from unnest(proargnames) as a) = ${names}`;
  if (!found) {
    const message = `Could not find the function public.${name}(${names.join(', ')}) in the schema cache`;
    throw Object.assign(new Error(message), { code: 'PGRST202' });
  }
  const list = names.map((each, i) => `${each} => $${i + 1}`).join(', ');
  const [row] = await tx.unsafe(
    `select public.${name}(${list}) as answer`,
    names.map((each) => args[each] as string),
  );
  return row?.['answer'];
}

async function roleOf(request: IncomingMessage): Promise<string> {
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) return 'anon';
  const { payload } = await jwtVerify(token, SECRET, { algorithms: ['HS256'] });
  return String(payload['role'] ?? 'anon');
}

/** PostgREST's table of HTTP statuses by SQLSTATE. */
function statusOf(code: string, role: string): number {
  if (code === 'PGRST202' || code === '42883' || code === '42P01') return 404;
  if (code === '42501') return role === 'anon' ? 401 : 403;
  if (code === '23503' || code === '23505') return 409;
  if (/^(08|53)/.test(code) || code === '57P01') return 503;
  if (/^(09|0[LP]|25|2D|38|39|3B|40|54|55|57|58|F0|HV|XX)/.test(code)) return 500;
  return 400;
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
