/** Fills a template: the SQL of a file, and what a command of the service's does with its database. */
import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { Child, exitText } from '../../../../server/contract/child-process/child.ts';
import { OutputTail } from '../../../../server/contract/child-process/output-tail.ts';
import { maskCommand } from '../../../../server/contract/index.ts';
import { sqlState } from '../../../service/sql-service.ts';
import { commandWords } from '../../http/command-words.ts';
import { type DatabaseAddress, environmentFor, surroundingsOf } from './environment.ts';
import { reasonOf, withoutPasswords } from './reason.ts';
import { connectAs, type Login, type Server } from './server.ts';

const SHOWN_LINES = 20;
/** What only psql understands. */
const OF_PSQL = /^(?:\\[a-z!]|copy\s[^;]*\sfrom\s+stdin)/im;
/** A role that is not there, or that one may not become. */
const OF_ROLES = new Set(['42704', '42501']);

/** @throws Error with the line that failed. */
export async function runSchema(file: string, server: Server, login: Login): Promise<void> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Error(
      `The schema file cannot be read: ${reasonOf(error)}. Give another one with --gate-schema.`,
    );
  });
  if (OF_PSQL.test(text)) {
    throw new Error(
      `The schema file ${file} has commands of psql in it (\\…, or copy … from stdin), and SimCity sends it as SQL. Make it with pg_dump --schema-only --no-owner --no-privileges --inserts, without lines that begin with a backslash, or run psql by --gate-prepare 'psql -f ${file}'.`,
    );
  }
  const sql = connectAs(server, login);
  try {
    await sql.unsafe(text);
  } catch (error) {
    throw new Error(
      `The schema file ${file} failed${lineOf(error, text)}: ${reasonOf(error)}.${hintFor(error)}`,
      {
        cause: error,
      },
    );
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** PostgreSQL tells the place as a count of characters, from 1. */
function lineOf(error: unknown, text: string): string {
  const position = Number((error as { position?: unknown }).position);
  if (!Number.isInteger(position) || position < 1) return '';
  return ` at line ${text.slice(0, position - 1).split('\n').length}`;
}

function hintFor(error: unknown): string {
  return OF_ROLES.has(sqlState(error) ?? '')
    ? ' It runs as a role of ours that may do nothing outside of its database: leave owners and privileges out (pg_dump --no-owner --no-privileges).'
    : '';
}

/**
 * Runs the command with the environment that the service has, but for the gate: it speaks to the template itself.
 * @throws Error with what it printed, when it does not end with 0.
 */
export async function runPrepare(command: string, server: Server, login: Login): Promise<void> {
  const address = { host: server.host, port: server.port, ...login };
  const [program = '', ...args] = commandWords(command).map((word) => filled(word, address));
  const child = new Child(program, args, {
    group: 'swept',
    stdin: 'ignore',
    env: { ...process.env, ...environmentFor(address), ...(server.tls ? { PGSSLMODE: 'require' } : {}) },
  });
  const tail = new OutputTail().follow(child.stdout as Readable, child.stderr as Readable);
  const exit = await child.exited;
  if (exit.code === 0) return;
  const lines = withoutPasswords(tail.lastLines(SHOWN_LINES).join('\n'));
  throw new Error(
    `The command of --gate-prepare failed with ${exitText(exit)}: ${maskCommand(command).text}. It runs once, with DATABASE_URL and PG* of an empty database.${lines === '' ? '' : ` It printed last:\n${lines}`}`,
  );
}

function filled(word: string, address: DatabaseAddress): string {
  const { placeholders } = surroundingsOf(address, null);
  return word.replace(/\{(gate\.[a-z]+)\}/g, (all, name: string) => placeholders[name] ?? all);
}
