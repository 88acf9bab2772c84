/** What became of a run whose harness has ended without reporting it: the verdict, and the bundle that says why. */

import type { FailureKind, Forensic, JsonObject, Redactor } from '../../server/contract/index.ts';
import { HARNESS_EXIT } from '../harness/exit-codes.ts';
import type { ChildExit } from '../launch/harness-child.ts';
import { reproduceCommand } from '../reproduce.ts';
import { redactedLines, sealedForensic } from '../telemetry/seal.ts';
import { engineVersions } from '../versions.ts';
import type { ClaimedRun, Ending } from './queue.ts';

/** What the supervisor did to the harness. */
export interface Interventions {
  /** A stop was asked for. */
  stopRequested: boolean;
  stopReason: string | null;
  /** It was sent SIGTERM, because it did not stop by itself. */
  terminated: boolean;
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
  redactor: Redactor;
}

/** The ending to write for a run; the database refuses it when the harness did report one. */
export function endingOf(remains: Remains): Ending {
  const { stopRequested, stopReason, killed, terminated, timeout } = remains.interventions;
  const ended = killed || (terminated && remains.exit.signal === 'SIGTERM');
  if (timeout !== null) return failed(remains, 'timeout', 'run-ends-in-time', timeout);
  if (stopRequested && ended) return { status: 'STOPPED', reason: stopReason, forensic: null };
  return failed(remains, 'harness-crash', 'harness-reports-a-verdict', crashMessage(remains.exit));
}

function crashMessage(exit: ChildExit): string {
  if (exit.spawnError !== null) return `The harness could not be started: ${exit.spawnError}.`;
  const how = exit.signal === null ? `exited with code ${exit.code}` : `was ended by ${exit.signal}`;
  const last = lastMessage(exit.stderr);
  // The harness itself said why it could not go on: most often something that the code under test did.
  if (exit.code === HARNESS_EXIT.crashed && last !== null) return `The run broke off: ${last}`;
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
  const redacted = (text: string) => remains.redactor.text(storableText(text));
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
    versions: engineVersions(),
    reproduce: reproduceCommand(run),
    process: {
      exitCode: code,
      signal,
      spawnError,
      stdout: redactedLines(exit.stdout.map(storableText), remains.redactor),
      stderr: redactedLines(exit.stderr.map(storableText), remains.redactor),
      droppedBytes,
    },
  };
  const sealed = sealedForensic(forensic, remains.redactor);
  return { status: 'FAIL', reason: sealed.message, forensic: sealed };
}

/** With nothing that PostgreSQL cannot hold. */
function storableText(text: string): string {
  return text.replaceAll('\u0000', '\u2400').toWellFormed();
}
