/**
 * Is the service asleep? Told by the kernel's tables of all its threads (Linux): none of them runs, could run, or waits
 * for a disk, and none did while that was read.
 */
import fs from 'node:fs';

/** Processes are listed anew at the latest after this: one that was started by a thread that is gone shows only then. */
const LIST_EVERY_MS = 400;
const STATE_BYTES = 1_024;

interface Thread {
  readonly pid: number;
  readonly tid: string;
  readonly schedstat: number;
  readonly wchan: number;
  readonly stat: number;
  /** How often it was given a processor, as text, when it was last seen asleep; null: it was not. */
  asleepAt: string | null;
}

/** What one look at a thread tells. */
type Look = { readonly runs: string; readonly isAsleep: boolean } | 'gone';

export class ServiceSleep {
  readonly #roots: () => readonly number[];
  readonly #threads = new Map<string, Thread>();
  readonly #buffer = Buffer.alloc(STATE_BYTES);
  #listedMs = Number.NEGATIVE_INFINITY;

  /** `roots`: the processes from which all others of the service descend. */
  constructor(roots: () => readonly number[]) {
    this.#roots = roots;
  }

  /** False where threads cannot be seen: on another system, or in a container or for a user of its own. */
  static canSee(pids: readonly number[]): boolean {
    if (pids.length === 0) return false;
    return pids.every((pid) =>
      ['schedstat', 'stat', 'wchan'].every((file) => isReadable(`/proc/${pid}/task/${pid}/${file}`)),
    );
  }

  /**
   * True when every thread slept all the while. Two sweeps, because one that slept when it was looked at can have been
   * woken by another that was looked at later: nobody may have been given a processor between the two.
   */
  isAsleep(): boolean {
    if (performance.now() - this.#listedMs > LIST_EVERY_MS) this.#list();
    const seen = new Map<Thread, string>();
    let isSame = true;
    for (const thread of this.#threads.values()) {
      const before = thread.asleepAt;
      const look = this.#lookAt(thread);
      if (look === 'gone') {
        isSame = false;
        continue;
      }
      if (!look.isAsleep) return false;
      // Only a thread that ran can have begun another, or a process.
      if (before !== look.runs) isSame = false;
      seen.set(thread, look.runs);
    }
    if (!isSame && this.#list()) return false;
    for (const [thread, runs] of seen) {
      const look = this.#lookAt(thread);
      if (look === 'gone' || !look.isAsleep || look.runs !== runs) return false;
    }
    return seen.size > 0;
  }

  close(): void {
    for (const thread of this.#threads.values()) this.#forget(thread);
  }

  /** One that has not run since it was seen asleep, and cannot run now, is asleep: that spares the dearest look. */
  #lookAt(thread: Thread): Look {
    try {
      const runs = this.#read(thread.schedstat).split(' ')[2] ?? '';
      const isOff = this.#read(thread.wchan) !== '0';
      if (isOff && thread.asleepAt === runs) return { runs, isAsleep: true };
      const isAsleep = sleeps(this.#read(thread.stat));
      thread.asleepAt = isAsleep ? runs : null;
      return { runs, isAsleep };
    } catch {
      this.#forget(thread);
      return 'gone';
    }
  }

  #read(file: number): string {
    const bytes = fs.readSync(file, this.#buffer, 0, STATE_BYTES, 0);
    if (bytes === 0) throw new Error('the thread is gone');
    return this.#buffer.toString('latin1', 0, bytes).trimEnd();
  }

  #forget(thread: Thread): void {
    this.#threads.delete(thread.tid);
    for (const file of [thread.schedstat, thread.wchan, thread.stat]) fs.closeSync(file);
  }

  /** All threads of all processes; true when some were not known. */
  #list(): boolean {
    this.#listedMs = performance.now();
    let isNew = false;
    const pids = [...this.#roots()];
    for (let pid = pids.pop(); pid !== undefined; pid = pids.pop()) {
      for (const tid of tasksOf(pid)) {
        pids.push(...childrenOf(pid, tid));
        if (!this.#threads.has(tid) && this.#meet(pid, tid)) isNew = true;
      }
    }
    return isNew;
  }

  #meet(pid: number, tid: string): boolean {
    const files: number[] = [];
    try {
      for (const file of ['schedstat', 'wchan', 'stat'])
        files.push(fs.openSync(`/proc/${pid}/task/${tid}/${file}`, 'r'));
    } catch {
      for (const file of files) fs.closeSync(file);
      return false;
    }
    const [schedstat, wchan, stat] = files as [number, number, number];
    this.#threads.set(tid, { pid, tid, schedstat, wchan, stat, asleepAt: null });
    return true;
  }
}

/** Its state is the letter behind the name, which can hold anything. */
function sleeps(stat: string): boolean {
  const state = stat[stat.lastIndexOf(')') + 2];
  return state !== 'R' && state !== 'D';
}

function tasksOf(pid: number): string[] {
  try {
    return fs.readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function childrenOf(pid: number, tid: string): number[] {
  try {
    return fs
      .readFileSync(`/proc/${pid}/task/${tid}/children`, 'latin1')
      .split(' ')
      .filter((each) => each.trim() !== '')
      .map(Number);
  } catch {
    return [];
  }
}

function isReadable(path: string): boolean {
  try {
    return fs.readFileSync(path, 'latin1').length > 0;
  } catch {
    return false;
  }
}

/** True while bytes that were received wait to be read in a socket with one of the ports at either end. */
export function hasUnread(ports: readonly number[]): boolean {
  const ends = new Set(ports.map((port) => port.toString(16).toUpperCase().padStart(4, '0')));
  return ['/proc/net/tcp', '/proc/net/tcp6'].some((file) => {
    try {
      return fs
        .readFileSync(file, 'latin1')
        .split('\n')
        .slice(1)
        .some((line) => isUnread(line, ends));
    } catch {
      return false;
    }
  });
}

/** What was sent and not yet acknowledged is not looked at: an acknowledgement may be put off. */
function isUnread(line: string, ends: ReadonlySet<string>): boolean {
  const [, local = '', remote = '', state, queues = ''] = line.trim().split(/\s+/);
  const isListening = state === '0A' || state === '06';
  if (isListening || queues === '' || queues.endsWith(':00000000')) return false;
  return ends.has(local.slice(-4)) || ends.has(remote.slice(-4));
}
