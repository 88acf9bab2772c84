/** The base image of the Dockerfile, made from packages of Debian and npm where no registry of images can be had. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { machineEnvironment } from '../../helpers/machine-environment.ts';
import type { Room } from './room.ts';

export const BASE_IMAGE = 'docker.io/library/node:24-bookworm-slim';
const SUITE = 'bookworm';
const PACKAGES = 'ca-certificates,libstdc++6';
const USUAL_MIRROR = 'http://deb.debian.org/debian';
/** Bare Debian, kept from run to run; with `node_modules`, so that nobody else can have put it there. */
const CACHED = join(process.cwd(), `node_modules/.cache/simcity/${SUITE}-${process.arch}.tar`);
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

/** Why there is no base image to be had; null: it is cached now. */
export async function lacksBase(room: Room): Promise<string | null> {
  if (existsSync(CACHED)) return null;
  const tree = join(room.folder, SUITE);
  try {
    await room.run('debootstrap', [
      ...['--variant=minbase', `--include=${PACKAGES}`, SUITE, tree, await mirror()],
    ]);
  } catch (error) {
    const { stdout = '' } = error as { stdout?: string };
    return `debootstrap cannot make a base image: ${stdout.trim().split('\n').at(-1)}`;
  }
  await rm(join(tree, 'var/cache/apt/archives'), { recursive: true });
  await mkdir(dirname(CACHED), { recursive: true });
  const unfinished = `${CACHED}.${process.pid}`;
  await room.run('tar', [
    '--create',
    `--file=${unfinished}`,
    `--directory=${tree}`,
    '--one-file-system',
    '.',
  ]);
  await rename(unfinished, CACHED);
  await rm(tree, { recursive: true });
  return null;
}

/** Builds it: Debian, Node and npm as npm has them, a user 1000, and the machine's way to registries. */
export async function buildBase(room: Room, buildah: readonly string[]): Promise<void> {
  const call = async (...words: string[]) => (await room.run('buildah', [...buildah, ...words])).trim();
  const npm = await npmOfItsOwn(room);
  const container = await call('from', 'scratch');
  await call('add', '--quiet', container, CACHED, '/');
  await call('copy', '--quiet', container, npm, '/usr/local');
  const node = join(process.cwd(), 'node_modules/node/bin/node');
  await call('copy', '--quiet', container, node, '/usr/local/bin/node');
  await call(
    'run',
    '--isolation',
    'chroot',
    container,
    '--',
    'useradd',
    '--create-home',
    '--uid',
    '1000',
    'node',
  );
  const certificates = process.env['NODE_EXTRA_CA_CERTS'];
  if (certificates) {
    await call('copy', '--quiet', container, certificates, CERTIFICATES);
    await call('config', '--env', `NODE_EXTRA_CA_CERTS=${CERTIFICATES}`, container);
  }
  await call('commit', '--quiet', '--rm', container, BASE_IMAGE);
}

/** A prefix with npm in it, whose registry is this machine's. */
async function npmOfItsOwn(room: Room): Promise<string> {
  const prefix = join(room.folder, 'npm');
  const run = promisify(execFile);
  const place = { cwd: room.folder, env: machineEnvironment() };
  await run('npm', ['install', '--global', '--prefix', prefix, '--no-audit', '--no-fund', 'npm@11'], place);
  const { stdout } = await run('npm', ['config', 'get', 'registry'], place);
  await mkdir(join(prefix, 'etc'), { recursive: true });
  await writeFile(join(prefix, 'etc/npmrc'), `registry=${stdout.trim()}\n`);
  return prefix;
}

/** Where the machine's own apt has Debian from. */
async function mirror(): Promise<string> {
  const format = '$(REPO_URI) $(COMPONENT)';
  const { stdout } = await promisify(execFile)('apt-get', ['indextargets', '--format', format]).catch(() => ({
    stdout: '',
  }));
  return /^(\S+\/debian)\/? main$/m.exec(stdout)?.[1] ?? USUAL_MIRROR;
}
