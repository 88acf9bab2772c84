/**
 * What became of a run whose harness has ended without reporting it, and the bundle that says why. The code under
 * test is to blame only where it runs inside the harness and ended it; all else says nothing about the service.
 */
import {
  type FailureKind,
  type Forensic,
  type GateOrder,
  isModuleLabel,
  type JsonObject,
  type LossKind,
  type Modules,
  type OwnWords,
  type Redactor,
} from '../../server/contract/index.ts';
import { HARNESS_EXIT } from '../harness/exit-codes.ts';
import { lastWords } from '../harness/last-words.ts';
import type { ChildExit } from '../launch/harness-child.ts';
import { asTyped, type ModuleRole } from '../modules/place.ts';
import { reproduceCommand } from '../reproduce.ts';
import { redactedLines, sealedForensic } from '../telemetry/seal.ts';
import { engineVersions } from '../versions.ts';
import type { GivenUp } from './progress.ts';
import type { ClaimedRun, Ending, Loss } from './queue.ts';

/** What the supervisor did to the harness. */
export interface Interventions {
  /** A stop was asked for. */
  stopRequested: boolean;
  stopReason: string | null;
  /** It was sent SIGTERM, because it did not stop by itself. */
  terminated: boolean;
  /** It was killed, because it did not stop in time. */
  killed: boolean;
  /** Why it was given up; null when it was not. */
  givenUp: GivenUp | null;
}

export interface Remains {
  run: ClaimedRun;
  /** The files of the user's that it has loaded. */
  modules: Modules;
  /** The command that starts the service; left out or null: none does. */
  exec?: string | null;
  /** The database of a gated run; left out or null: it has no gate. */
  gate?: GateOrder | null;
  exit: ChildExit;
  interventions: Interventions;
  /** The end of the run was acknowledged to the harness. */
  isDelivered: boolean;
  lastEvents: JsonObject[];
  redactor: Redactor;
}

/** What became of the run, as what, and a sentence that says so. */
interface Judgement {
  /** FAIL: the code under test broke; STOPPED: what else is wrong would be so again; `lost`: only this attempt is over. */
  end: 'FAIL' | 'STOPPED' | 'lost';
  kind: FailureKind;
  message: string;
}

/** The ending to write for a run; the database refuses it when the harness did report one. */
export function endingOf(remains: Remains): Ending | Loss {
  const { stopRequested, stopReason, killed, terminated, givenUp } = remains.interventions;
  const { code, signal } = remains.exit;
  const ended = killed || (terminated && signal === 'SIGTERM') || code === HARNESS_EXIT.told;
  if (givenUp === null && stopRequested && ended) {
    return { status: 'STOPPED', reason: stopReason, forensic: null };
  }
  const judgement = givenUp ? judgeGivenUp(givenUp, remains) : judgeExit(remains);
  const forensic = bundle(judgement, remains);
  if (judgement.end === 'FAIL') return { status: 'FAIL', reason: forensic.message, forensic };
  if (judgement.end === 'STOPPED') return { status: 'STOPPED', reason: forensic.kind, forensic };
  return { lost: forensic };
}

function judgeGivenUp({ how, hasBegun, message }: GivenUp, { run, modules }: Remains): Judgement {
  if (how === 'start') return { end: 'lost', kind: 'start-failed', message };
  const [file] = Object.values(modules).filter((each) => each !== null);
  if (file === undefined) return { end: 'lost', kind: 'timeout', message };
  if (!hasBegun) {
    const before =
      'It had not begun yet: the files of yours that it executes were being loaded, or set up the city.';
    return { end: 'STOPPED', kind: 'adapter-error', message: `${message} ${before}` };
  }
  const why = how === 'silent' ? ' An endless loop in the code under test does that.' : '';
  if (isModuleLabel(run.target)) return { end: 'FAIL', kind: 'timeout', message: message + why };
  return { end: 'STOPPED', kind: 'timeout', message };
}

function judgeExit({ run, modules, exit, isDelivered }: Remains): Judgement {
  const { code, signal, spawnError, stderr } = exit;
  const lost = (kind: LossKind, message: string): Judgement => ({ end: 'lost', kind, message });
  if (isDelivered)
    return lost('harness-lost', 'The end of the run was acknowledged, and the database has lost it.');
  if (spawnError !== null) return lost('start-failed', `The harness could not be started: ${spawnError}.`);
  if (exit.outOfMemory || isHeapFull(stderr)) {
    return lost('out-of-memory', 'The harness took more memory than there was for it.');
  }
  const words = lastWords(stderr);
  const said = words === null ? '.' : `: ${words.message}`;
  if (signal !== null) {
    return lost('harness-lost', `The harness was ended by ${signal} before it reported a verdict${said}`);
  }
  if (words?.by) {
    const message = `The ${WHOSE[words.by]} ended the harness: ${words.at}: ${words.message}`;
    return words.by === 'target' && words.hasBegun !== false
      ? { end: 'FAIL', kind: 'harness-crash', message }
      : { end: 'STOPPED', kind: 'adapter-error', message };
  }
  const how = `The harness exited with code ${code} before it reported a verdict${said}`;
  switch (code) {
    case HARNESS_EXIT.orphaned:
    case HARNESS_EXIT.told:
    case HARNESS_EXIT.leaseLost:
      return lost('harness-lost', how);
    case HARNESS_EXIT.noOrder:
      return lost('start-failed', how);
    case HARNESS_EXIT.notBegun:
      return lost('start-failed', words?.message ?? how);
    case HARNESS_EXIT.differs:
      return { end: 'STOPPED', kind: 'not-deterministic', message: how };
    case HARNESS_EXIT.crashed:
      // The harness itself said why it could not go on.
      return lost('harness-crash', words === null ? how : `The run broke off: ${words.message}`);
    default:
      // No exit of ours: whatever else runs in the process has ended it.
      if (isModuleLabel(run.target)) return { end: 'FAIL', kind: 'harness-crash', message: how };
      return modules.scenario === null && modules.adapter === null
        ? lost('harness-crash', how)
        : { end: 'STOPPED', kind: 'adapter-error', message: how };
  }
}

const WHOSE: Record<ModuleRole, string> = {
  target: 'code under test',
  scenario: 'scenario',
  adapter: 'adapter',
};

/** What V8 says when the heap is full, before it aborts. */
function isHeapFull(stderr: readonly string[]): boolean {
  return stderr.some((line) => /^FATAL ERROR: .*JavaScript heap out of memory/.test(line));
}

const INVARIANTS: Partial<Record<FailureKind, string>> = {
  timeout: 'run-ends-in-time',
  'start-failed': 'the-run-begins',
  'adapter-error': 'the-users-code-works',
};

function ownWordsOf({ modules, exec = null, gate = null }: Remains): OwnWords {
  return { adapter: modules.adapter === null ? null : asTyped(modules.adapter), exec, gate };
}

function bundle({ kind, message }: Judgement, remains: Remains): Forensic {
  const { run, exit, lastEvents } = remains;
  const redacted = (text: string) => remains.redactor.text(storableText(text));
  const { code, signal, spawnError, droppedBytes } = exit;
  const forensic: Forensic = {
    version: 1,
    kind,
    invariant: INVARIANTS[kind] ?? 'harness-reports-a-verdict',
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
    reproduce: reproduceCommand(run, ownWordsOf(remains)),
    process: {
      exitCode: code,
      signal,
      spawnError,
      stdout: redactedLines(exit.stdout.map(storableText), remains.redactor),
      stderr: redactedLines(exit.stderr.map(storableText), remains.redactor),
      droppedBytes,
    },
  };
  return sealedForensic(forensic, remains.redactor);
}

/** With nothing that PostgreSQL cannot hold. */
function storableText(text: string): string {
  return text.replaceAll('\u0000', '\u2400').toWellFormed();
}
