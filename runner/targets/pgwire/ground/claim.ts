/** Claims a place on a server for one stage: a keeper, a janitor, a role, and the template; and gives it up again. */
import type { GateOrder } from '../../../../server/contract/index.ts';
import { withinTime } from '../../../../server/contract/within-time.ts';
import { connectOne } from '../../postgres/connection.ts';
import type { Clones } from './clones.ts';
import { cannotConnect, Keeper } from './keeper.ts';
import { freshNames, type Names } from './names.ts';
import { ROLE_PASSWORD } from './passwords.ts';
import { assertMayMake, createRole } from './role.ts';
import { type Server, serverOf } from './server.ts';
import { clear, sweep } from './sweep.ts';
import { makeTemplate, type Origin, type Template } from './template.ts';
import { Watch } from './watch.ts';

/** A server that hangs is left to the janitor. */
const CLOSE_LIMIT_MS = 15_000;

export interface ClaimOptions {
  readonly order: GateOrder;
  /** Where the template is made when the order names none. */
  readonly targetUrl: string | null;
  /** A server of ours, on which all is made in any case; left out or null: that of the template, or of `targetUrl`. */
  readonly ownUrl?: string | null;
  /** Is told what takes its time. */
  readonly say?: (text: string) => void;
  /** Where pg_dump is looked for; this process's environment by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** What is there on the server, before there is a gate. */
export interface Ground {
  readonly names: Names;
  readonly keeper: Keeper;
  readonly watch: Watch;
  readonly url: string;
  /** The name of the person's database, which the service goes on seeing. */
  readonly source: string;
  readonly server: Server;
  readonly template: Template;
}

/** @throws Error that says what to do. Nothing is left behind then. */
export async function claimGround(options: ClaimOptions): Promise<Ground> {
  const { order, targetUrl, ownUrl = null, env = process.env, say = () => {} } = options;
  const url = ownUrl ?? order.url ?? targetUrl;
  if (url === null) {
    throw new Error(
      'The gate has no server to make its database on: name a database after --gate, or a server with --target-url.',
    );
  }
  const names = freshNames();
  const isCopy = order.url !== null;
  const origin = ownUrl === null || order.url === null ? null : await originAt(order.url);
  const keeper = await Keeper.open(url, names, isCopy && origin === null);
  const watch = new Watch({ url, database: keeper.database, id: names.id, folder: null });
  try {
    const { sql } = keeper;
    await sweep(sql);
    const maker = await assertMayMake(sql);
    const server = await serverOf(sql);
    const source = sourceOf(origin?.url ?? url);
    await createRole(sql, names.role, source, maker, origin?.sql);
    const login = { user: names.role, password: ROLE_PASSWORD, database: names.template };
    const template = await makeTemplate({
      ...order,
      sql,
      url,
      origin,
      source,
      isCopy,
      server,
      login,
      env,
      say,
    });
    return { names, keeper, watch, url, source, server, template };
  } catch (error) {
    await leaveGround({ names, keeper, watch });
    throw error;
  } finally {
    await origin?.sql.end({ timeout: 1 });
  }
}

async function originAt(url: string): Promise<Origin> {
  const sql = connectOne({ url, database: null }, 'simcity-copy');
  try {
    await sql`select 1`;
    return { url, sql };
  } catch (error) {
    await sql.end({ timeout: 1 });
    throw cannotConnect(url, error);
  }
}

/** As the driver understands the URL; nothing is sent. */
function sourceOf(url: string): string {
  return String(connectOne({ url, database: null }, 'simcity').options.database);
}

/** What does not let itself be dropped now is the janitor's. */
export async function leaveGround(
  { names, keeper, watch }: Pick<Ground, 'names' | 'keeper' | 'watch'>,
  clones?: Clones,
): Promise<void> {
  const isClear = await withinTime(
    (async () => {
      await clones?.close();
      await clear(keeper.sql, names.id);
      return true;
    })(),
    CLOSE_LIMIT_MS,
  ).catch(() => false);
  await keeper.close();
  await watch.end(isClear);
}
