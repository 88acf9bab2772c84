/** What became of a run whose harness has ended without reporting it: the verdict, and the bundle that says why. */

import packageJson from '../../package.json' with { type: 'json' };
import type { FailureKind, Forensic, JsonObject } from '../../server/contract/index.ts';
import { reproduceCommand } from '../reproduce.ts';
import type { ChildExit } from './child.ts';
import type { ClaimedRun, Ending } from './queue.ts';

/** What the supervisor did to the harness. */
export interface Interventions {
  /** A stop was asked for. */
  stopRequested: boolean;
  stopReason: string | null;
  /** It was killed, because it did not stop in time. */
  killed: boolean;
  /** Why it was given up, as a sentence; null when it was not. */
  timeout: string | null;
}

export interface Remains {
  run: ClaimedRun;
  exit: ChildExit;
  interventions: Interventions;
  lastEvents: JsonObject[];
  /** Texts that must not be stored. */
  secrets: string[];
}

/** The ending to write for a run; the database refuses it when the harness did report one. */
export function endingOf(remains: Remains): Ending {
  const { stopRequested, stopReason, killed, timeout } = remains.interventions;
  if (timeout !== null) return failed(remains, 'timeout', 'run-ends-in-time', timeout);
  if (stopRequested && killed) return { status: 'STOPPED', reason: stopReason, forensic: null };
  return failed(remains, 'harness-crash', 'harness-reports-a-verdict', crashMessage(remains.exit));
}

function crashMessage(exit: ChildExit): string {
  if (exit.spawnError !== null) return `The harness could not be started: ${exit.spawnError}.`;
  const how = exit.signal === null ? `exited with code ${exit.code}` : `was ended by ${exit.signal}`;
  const last = lastMessage(exit.stderr);
  return `The harness ${how} before it reported a verdict${last === null ? '.' : `: ${last}`}`;
}

/** What the harness said last on stderr: the message of its own JSON, else Node's line of the error, else the line. */
function lastMessage(lines: string[]): string | null {
  const last = lines.at(-1);
  if (last === undefined) return null;
  const told = messageOf(last) ?? lines.findLast((line) => /^[\w$.]*Error\b.*:/.test(line)) ?? last;
  return told.slice(0, 500);
}

function messageOf(line: string): string | null {
  try {
    const parsed: unknown = JSON.parse(line);
    return parsed && typeof parsed === 'object' && 'message' in parsed ? String(parsed.message) : null;
  } catch {
    // Not ours: a line of Node's own, of a library, or cut.
    return null;
  }
}

function failed(remains: Remains, kind: FailureKind, invariant: string, message: string): Ending {
  const { run, exit, lastEvents } = remains;
  const redacted = (text: string) => redact(text, remains.secrets);
  const { code, signal, spawnError, droppedBytes } = exit;
  const forensic: Forensic = {
    version: 1,
    kind,
    invariant,
    message: redacted(message),
    eventIndex: null,
    virtualMs: null,
    operation: null,
    actual: null,
    expected: null,
    object: null,
    history: [],
    lastEvents,
    city: null,
    difference: [],
    faultsActive: [],
    seed: run.seed,
    config: run.config,
    versions: { simcity: packageJson.version, node: process.versions.node },
    reproduce: reproduceCommand(run),
    process: {
      exitCode: code,
      signal,
      spawnError,
      stdout: exit.stdout.map(redacted),
      stderr: exit.stderr.map(redacted),
      droppedBytes,
    },
  };
  return { status: 'FAIL', reason: forensic.message, forensic };
}

/** `text` without the secrets, without credentials in URLs, and with nothing that PostgreSQL cannot hold. */
export function redact(text: string, secrets: string[]): string {
  let clean = text.replaceAll('\u0000', '\u2400').toWellFormed();
  for (const secret of secrets) if (secret !== '') clean = clean.replaceAll(secret, '***');
  return clean.replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@"']*@/gi, '$1***@');
}
