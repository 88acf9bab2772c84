/** podman in a room: its service, which speaks the API of the Docker Engine, and its client. */
import { execFile } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { programPath } from '../../chaos/support/tools.ts';
import { until } from '../../chaos/support/until.ts';
import { hasTwoTrees, type Room } from './room.ts';

const READY_MS = 30_000;
/** The number of the capability that raises limits, as the kernel counts them. */
const CAP_SYS_RESOURCE = 24n;

/** Starts the service. Answers its address, as DOCKER_HOST takes it. */
export async function startEngine(room: Room, storage: readonly string[]): Promise<string> {
  const at = (name: string) => join(room.folder, name);
  const address = `unix://${at('podman.sock')}`;
  const service = room.start('podman', [
    ...storage,
    ...['--tmpdir', at('podman'), '--network-config-dir', at('networks'), '--events-backend', 'file'],
    ...['--cgroup-manager', 'cgroupfs', '--runtime', mayLimit() ? 'crun' : runtimeWithoutLimits(room)],
    ...['system', 'service', '--time', '0', address],
  ]);
  let said = '';
  service.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4_000);
  });
  const engine = new Engine(address);
  await until('podman answers', READY_MS, () => {
    if (service.exitCode !== null) throw new Error(said);
    return engine.podman('version');
  });
  return address;
}

/** Whether limits can be set here: with a tree of cgroups of one version, and the capability. */
export function mayLimit(): boolean {
  const effective = /^CapEff:\s*(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return !hasTwoTrees() && ((BigInt(`0x${effective}`) >> CAP_SYS_RESOURCE) & 1n) === 1n;
}

/** crun, which is not told of the limits that a container is asked for with. Answers its path. */
function runtimeWithoutLimits(room: Room): string {
  const path = join(room.folder, 'crun-without-limits');
  const script = join(import.meta.dirname, 'without-limits.ts');
  const words = [process.execPath, script].map((word) => `'${word}'`).join(' ');
  const crun = programPath('crun');
  writeFileSync(
    path,
    `#!/bin/sh\ncase " $* " in *" create "*) ${words} "$@" || exit 1 ;; esac\nexec ${crun} "$@"\n`,
  );
  chmodSync(path, 0o755);
  return path;
}

/** What a program said, and the code it ended with. */
export interface Said {
  code: number;
  stdout: string;
  stderr: string;
}

export interface Inspected {
  Id: string;
  State: { Status: string; ExitCode: number };
  Config: { Env: string[]; User: string };
  EffectiveCaps: string[] | null;
  HostConfig: { Memory: number; ReadonlyRootfs: boolean; NanoCpus: number };
}

/** The client of a service that runs. */
export class Engine {
  readonly #address: string;

  constructor(address: string) {
    this.#address = address;
  }

  /** Whatever code it ends with. */
  async tried(...words: string[]): Promise<Said> {
    const call = promisify(execFile)('podman', ['--remote', '--url', this.#address, ...words]);
    return call.then(
      (said) => ({ code: 0, ...said }),
      (error: Said) => ({ code: error.code, stdout: error.stdout, stderr: error.stderr }),
    );
  }

  /** What it prints. @throws Error with what it said when it ends with another code than 0. */
  async podman(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.tried(...words);
    if (code !== 0) throw new Error(`podman ${words.join(' ')} ended with ${code}: ${stderr}`);
    return stdout.trim();
  }

  async inspect(container: string): Promise<Inspected> {
    const [found] = JSON.parse(await this.podman('inspect', container)) as Inspected[];
    if (!found) throw new Error(`no container ${container}`);
    return found;
  }

  /** The containers of a run, or of any run, whether they run or have ended. */
  async containersOf(runId?: string): Promise<string[]> {
    const label = runId === undefined ? 'simcity.run' : `simcity.run=${runId}`;
    const said = await this.podman('ps', '--all', '--quiet', '--filter', `label=${label}`);
    return said.split('\n').filter((id) => id !== '');
  }
}
