/**
 * A room for containers: a folder, and namespaces of mounts and processes. Whatever is started, mounted and left in it is
 * gone with it, and it goes with the process that opened it, however that ends.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { descendants, read } from '../../chaos/support/processes.ts';

const MOST_OUTPUT_BYTES = 64 * 1024 * 1024;
/** What hangs ends so, and the suite with it. */
const LONGEST_MS = 15 * 60_000;

/**
 * The first process of the namespaces: it reads until its opener is gone, and collects the processes that lost their parent.
 * Locks of containers lie in /dev/shm: those of the machine's own are left alone.
 */
const FIRST = ['mount -t tmpfs tmpfs /dev/shm', 'echo ready', 'cat >/dev/null'];

/** crun refuses a tree of cgroups of both versions; here it sees the second alone. */
const ONE_TREE = ['umount --recursive /sys/fs/cgroup', 'mount -t cgroup2 cgroup2 /sys/fs/cgroup'];

export class Room {
  readonly folder: string;
  readonly #keeper: ChildProcess;
  readonly #prefix: readonly string[];

  private constructor(folder: string, keeper: ChildProcess, first: number) {
    this.folder = folder;
    this.#keeper = keeper;
    this.#prefix = ['--mount', '--pid', `--target=${first}`, '--'];
  }

  /** @throws Error when its namespaces cannot be made. */
  static async open(): Promise<Room> {
    const folder = await mkdtemp(join(tmpdir(), 'simcity-containers-'));
    await mkdir(join(folder, 'tmp'));
    const first = [...(hasTwoTrees() ? ONE_TREE : []), ...FIRST].join(' && ');
    const script = `unshare --mount --pid --fork --mount-proc --kill-child sh -c "$1"; rm -rf "$2"`;
    const keeper = spawn('sh', ['-c', script, 'sh', first, folder], {
      detached: true,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const isReady = await Promise.race([
      once(keeper.stdout, 'data').then(() => true),
      once(keeper, 'close').then(() => false),
    ]);
    const pid = firstIn(keeper.pid as number);
    if (!isReady || pid === undefined) throw new Error('the namespaces of the containers could not be made');
    return new Room(folder, keeper, pid);
  }

  /** Its output. @throws Error with what the program said when it ends with another code than 0. */
  async run(program: string, args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)('nsenter', [...this.#prefix, program, ...args], {
      ...this.#place(),
      maxBuffer: MOST_OUTPUT_BYTES,
      timeout: LONGEST_MS,
    });
    return stdout;
  }

  /** Starts what runs until the room is closed. */
  start(program: string, args: readonly string[]): ChildProcess {
    return spawn('nsenter', [...this.#prefix, program, ...args], {
      ...this.#place(),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  }

  /** Ends all that runs in it, and removes its folder. */
  async close(): Promise<void> {
    const closed = once(this.#keeper, 'close');
    this.#keeper.stdin?.end();
    await closed;
  }

  #place(): { env: NodeJS.ProcessEnv } {
    return { env: { ...process.env, TMPDIR: join(this.folder, 'tmp') } };
  }
}

/** Whether the tree of cgroups holds both versions. */
export function hasTwoTrees(): boolean {
  return existsSync('/sys/fs/cgroup/unified');
}

/** The process that is the first of its namespace. */
function firstIn(keeper: number): number | undefined {
  return descendants(keeper).find(({ pid }) => /^NSpid:.*\t1$/m.test(read(`/proc/${pid}/status`)))?.pid;
}
