/** A command in a real pseudo-terminal, with the screen that a person would see as text. */
import { spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';

export interface PtyOptions {
  columns?: number;
  rows?: number;
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** Called with what is written, as it comes. */
  onData?: (data: string) => void;
}

export interface Pty {
  readonly pid: number;
  /** The visible screen, a string a row, blanks at the end cut off. */
  screen(): string[];
  text(): string;
  /** Everything that was written, escape codes and all. */
  raw(): string;
  /** True while the alternate screen is shown. */
  isAlternate(): boolean;
  isCursorHidden(): boolean;
  press(keys: string): void;
  resize(columns: number, rows: number): void;
  kill(signal: string): void;
  /** Resolves with the screen once it satisfies the condition; rejects with the screen after `withinMs`. */
  until(condition: (text: string) => boolean, what: string, withinMs?: number): Promise<string>;
  readonly exited: Promise<{ exitCode: number; signal: number | undefined }>;
}

/** What stands between these is half a picture, which a terminal does not show. */
const BEGIN_PICTURE = '\u001b[?2026h';
const END_PICTURE = '\u001b[?2026l';

/** Starts `file` in a terminal of 80 columns and 24 rows, unless told otherwise. */
export function startPty(file: string, args: string[], options: PtyOptions = {}): Pty {
  const { columns = 80, rows = 24 } = options;
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  const child = spawn(file, args, {
    // It becomes TERM, whatever the environment says.
    name: options.env?.['TERM'] ?? 'xterm-256color',
    cols: columns,
    rows,
    cwd: options.cwd ?? process.cwd(),
    env: cleanEnv(options.env ?? {}),
  });
  // A real terminal answers what it is asked.
  terminal.onData((answer) => child.write(answer));
  let raw = '';
  let parsed = '';
  const watchers = new Set<() => void>();
  child.onData((data) => {
    raw += data;
    options.onData?.(data);
    terminal.write(data, () => {
      parsed += data;
      if (parsed.lastIndexOf(BEGIN_PICTURE) > parsed.lastIndexOf(END_PICTURE)) return;
      for (const watcher of watchers) watcher();
    });
  });
  const exited = new Promise<{ exitCode: number; signal: number | undefined }>((resolve) =>
    // What was written last is shown before the end is told.
    child.onExit(({ exitCode, signal }) => terminal.write('', () => resolve({ exitCode, signal }))),
  );
  const screen = () => readScreen(terminal);
  const text = () => screen().join('\n');
  return {
    pid: child.pid,
    screen,
    text,
    raw: () => raw,
    isAlternate: () => terminal.buffer.active.type === 'alternate',
    isCursorHidden: () => raw.lastIndexOf('\u001b[?25l') > raw.lastIndexOf('\u001b[?25h'),
    press: (keys) => child.write(keys),
    resize(newColumns, newRows) {
      terminal.resize(newColumns, newRows);
      child.resize(newColumns, newRows);
    },
    kill: (signal) => child.kill(signal),
    until(condition, what, withinMs = 5_000) {
      return new Promise((resolve, reject) => {
        const done = () => {
          clearTimeout(timer);
          watchers.delete(check);
        };
        const check = () => {
          const now = text();
          if (!condition(now)) return;
          done();
          resolve(now);
        };
        const timer = setTimeout(() => {
          done();
          reject(new Error(`the screen never showed ${what}:\n${text()}`));
        }, withinMs);
        watchers.add(check);
        check();
      });
    },
    exited,
  };
}

function readScreen(terminal: InstanceType<typeof xterm.Terminal>): string[] {
  const buffer = terminal.buffer.active;
  return Array.from(
    { length: terminal.rows },
    (_, row) => buffer.getLine(buffer.viewportY + row)?.translateToString(true) ?? '',
  );
}

/** The tests' own environment says nothing about terminals, CI or servers. */
function cleanEnv(extra: Record<string, string | undefined>): Record<string, string> {
  const env = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    TERM: 'xterm-256color',
    LANG: 'C.UTF-8',
    ...extra,
  };
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
