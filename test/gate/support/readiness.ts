/** Puts the services in a state in which they can be started: what they depend on, and what is built of them. */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type GateService, type Need, SERVICES_FOLDER } from './services.ts';

const INSTALL_LIMIT_MS = 240_000;
const INSTALLED = 'node_modules/.package-lock.json';

const prepared = new Map<Need, string | null>();

/** Why this machine cannot start the service; null: it can, now. */
export function whyNot(service: GateService): string | null {
  const { needs, modules = [] } = service;
  if (!prepared.has(needs)) prepared.set(needs, PREPARING[needs]());
  const missing = prepared.get(needs) ?? null;
  if (missing !== null || modules.length === 0) return missing;
  const imports = modules.map((name) => `import ${name}`).join('; ');
  return failed('/usr/bin/python3', ['-c', imports]) === null
    ? null
    : `python3 has not all of ${modules.join(', ')}`;
}

const PREPARING: Record<Need, () => string | null> = {
  npm: prepareNode,
  python: () => (existsSync('/usr/bin/python3') ? null : 'there is no /usr/bin/python3'),
  go: prepareGo,
};

function prepareNode(): string | null {
  if (isOlder(INSTALLED, 'package-lock.json')) {
    const why = failed('npm', ['ci', '--no-audit', '--no-fund']);
    if (why !== null) return `npm ci failed in test/gate/services: ${why}`;
  }
  const why = failed('npm', ['run', '--silent', 'build']);
  return why === null ? null : `the Nest service cannot be compiled: ${why}`;
}

/** The driver is Debian's, which lies where Go looked for packages before there were modules. */
function prepareGo(): string | null {
  const folder = '/usr/share/gocode';
  if (!existsSync(join(folder, 'src/github.com/lib/pq'))) return 'there is no golang-github-lib-pq-dev';
  const env = { ...process.env, GOPATH: folder, GO111MODULE: 'off' };
  const why = failed('go', ['build', '-o', 'dist/go-lib-pq', './go/main.go'], env);
  return why === null ? null : `the Go service cannot be built: ${why}`;
}

function isOlder(file: string, than: string): boolean {
  const path = join(SERVICES_FOLDER, file);
  return !existsSync(path) || statSync(path).mtimeMs < statSync(join(SERVICES_FOLDER, than)).mtimeMs;
}

/** The end of what the command wrote when it failed; null: it did not. */
function failed(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): string | null {
  const result = spawnSync(command, args, {
    ...{ cwd: SERVICES_FOLDER, env, encoding: 'utf8', timeout: INSTALL_LIMIT_MS },
  });
  if (result.status === 0) return null;
  return (result.error?.message ?? `${result.stdout}${result.stderr}`).trim().slice(-500);
}
