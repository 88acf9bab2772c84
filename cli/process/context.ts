/** What a command knows of the process it runs in: streams, environment, signals. Faked whole in tests. */
import type { ChartStyle } from '../../server/contract/index.ts';

/** A signal that asks the process to leave. */
export type LeaveSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** The server that a configuration file names, and the token in the same file. */
export interface FileServer {
  url: string;
  token: string | undefined;
  /** The name of the file. */
  file: string;
}

export interface Context {
  env: Readonly<Record<string, string | undefined>>;
  /** Apart from SIMCITY_URL, because a folder that was cloned may hold such a file. */
  fileServer?: FileServer | undefined;
  cwd: string;
  /** True when the stream is a terminal. */
  isTerminal: { stdin: boolean; stdout: boolean; stderr: boolean };
  /** Columns of the terminal just now; left out, or undefined: there is none. */
  columns?: () => number | undefined;
  /** Data: what a command was asked for. Resolves when more may be written. */
  out(text: string): Promise<void>;
  /** Messages about it. */
  err(text: string): void;
  /** Aborted once the process has to leave, with the exit code as `reason`. */
  leaving: AbortSignal;
  /** Takes signals from now on, before the default (to leave); the newest handler gets them. Returns its undoing. */
  onSignal(handler: (signal: LeaveSignal) => void): () => void;
  /** Leaves: aborts `leaving`, after which the command has to return. */
  leave(exitCode: number): void;
  /** Something to take down before the process exits, whatever the reason; the newest first. Returns its undoing. */
  atExit(takeDown: () => Promise<void>): () => void;
  /** Something to put right synchronously in the very last moment (the terminal). Returns its undoing. */
  atExitSync(putRight: () => void): () => void;
}

/** What pictures are drawn for where no terminal has a width of its own. */
const USUAL_COLUMNS = 100;

/** How wide text for the stream may be. */
export function columnsOf(context: Context, stream: 'stdout' | 'stderr'): number {
  return (context.isTerminal[stream] ? context.columns?.() : undefined) || USUAL_COLUMNS;
}

/** True when escape codes may be written to the stream. */
export function wantsColor(context: Context, stream: 'stdout' | 'stderr'): boolean {
  const { env } = context;
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false;
  if (env['TERM'] === 'dumb' || isMonochrome(env)) return false;
  return context.isTerminal[stream];
}

/** DEC's terminals and those that say so know neither colours nor UTF-8. */
const OLD_TERMINAL = /^vt\d|-mono$|-m$/;

function isMonochrome(env: Context['env']): boolean {
  return OLD_TERMINAL.test(env['TERM'] ?? '') && !env['COLORTERM'];
}

/** True when there are more than 16 colours, as nearly everywhere. */
export function hasManyColors(env: Context['env']): boolean {
  return Boolean(env['COLORTERM']) || !/^(ansi|cons25|linux)|-(16)?color$/.test(env['TERM'] ?? '');
}

/** True when more than ASCII can be shown: SIMCITY_ASCII, else the terminal and the locale, by POSIX's order of variables. */
export function wantsUnicode(env: Context['env']): boolean {
  const said = env['SIMCITY_ASCII'];
  if (said !== undefined && said !== '') return said === '0' || said === 'false';
  if (OLD_TERMINAL.test(env['TERM'] ?? '')) return false;
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find(
    (each) => each !== undefined && each !== '',
  );
  return /utf-?8/i.test(locale ?? '');
}

/** What charts are drawn with: SIMCITY_CHARTS, where the terminal can show it. */
export function chartStyle(env: Context['env']): ChartStyle {
  return env['SIMCITY_CHARTS'] === 'braille' && wantsUnicode(env) ? 'braille' : 'line';
}

/** True when a full-screen picture can be drawn and keys can be read. */
export function canDraw(context: Pick<Context, 'env' | 'isTerminal'>): boolean {
  const { env, isTerminal } = context;
  if (!isTerminal.stdout || !isTerminal.stdin) return false;
  const ci = env['CI'];
  return env['TERM'] !== 'dumb' && (ci === undefined || ci === '' || ci === '0' || ci === 'false');
}
