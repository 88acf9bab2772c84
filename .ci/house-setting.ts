/**
 * Shows that one edit adds a setting: in a copy of the tree a row is put into the table of the settings of a run,
 * the copy is built, and everything that has to know the setting is asked by real processes. Prints each place and
 * the number of places that were edited; exit code 1 when one of them lacks the setting, or when it is more than 1.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { API_BASE } from '../server/contract/index.ts';
import { hasChromium, openPage, startChromium } from '../test/helpers/browser.ts';
import { simcity } from '../test/helpers/cli-process.ts';
import { startPty } from '../test/helpers/pty.ts';
import { call } from '../test/helpers/server.ts';
import { startUp } from '../test/helpers/up.ts';

const TABLE = 'server/contract/run-settings.ts';
const BEFORE = '  reduction: {\n';
const ROW =
  "  patience: { ...whole(1, 99, 17), ...city('Patience', 'minutes that citizens wait'), ...rare },\n";
/** Typed wrongly once, so that the compiler sees whether the configuration is precise. */
const PROBE = `import type { RunConfig } from './run-settings.ts';
export const right: RunConfig['patience'] = 3;
// @ts-expect-error a number is no text
export const wrong: RunConfig['patience'] = 'three';
`;

type Check = (url: string) => Promise<void> | void;
const PLACES: [place: string, check: Check][] = [
  ['the type of a configuration', typeIsPrecise],
  ['help and option', helpAndOption],
  ['environment variable and doctor', variable],
  ['configuration file', file],
  ['completion', completion],
  ['README', readme],
  ['API', api],
  ['print and reproduction of a run', printAndReproduction],
  ['form in the terminal', terminalForm],
  ['form in the browser', webForm],
];

const original = process.cwd();
const copy = mkdtempSync(join(tmpdir(), 'simcity-house-'));
const files = git('ls-files', '--cached', '--others', '--exclude-standard').split('\n').filter(existsSync);
try {
  for (const file of files) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(original, file), join(copy, file));
  }
  symlinkSync(join(original, 'node_modules'), join(copy, 'node_modules'));
  // From here on all helpers run what is in the copy.
  process.chdir(copy);
  const before = readFileSync(TABLE, 'utf8');
  writeFileSync(TABLE, before.replace(BEFORE, ROW + BEFORE));
  const edits = files.filter((file) => !readFileSync(file).equals(readFileSync(join(original, file)))).length;
  node('.ci/build.mjs');
  const up = await startUp();
  try {
    for (const [place, check] of PLACES) {
      await check(up.url);
      process.stdout.write(`ok  ${place}\n`);
    }
  } finally {
    await up.down();
  }
  process.stdout.write(`A setting was added: ${edits} place edited.\n`);
  assert.equal(edits, 1);
} finally {
  process.chdir(original);
  rmSync(copy, { recursive: true, force: true });
}

function typeIsPrecise(): void {
  writeFileSync('server/contract/probe.ts', PROBE);
  node('node_modules/typescript/bin/tsc', '--noEmit');
  node('node_modules/typescript/bin/tsc', '--noEmit', '-p', 'cli/web');
  rmSync('server/contract/probe.ts');
}

async function helpAndOption(): Promise<void> {
  for (const command of ['run', 'campaign']) {
    const { stdout } = await simcity([command, '--help']);
    assert.match(stdout, /--patience <N> +minutes that citizens wait \(default: 17\)/);
  }
  const { exitCode, stderr } = await simcity(['run', '--patience', '100']);
  assert.deepEqual([exitCode, /whole number from 1 to 99/.test(stderr)], [2, true]);
}

/** What the doctor says of the setting: its value, and where that comes from. */
async function told(env: Record<string, string>): Promise<unknown> {
  const { stdout } = await simcity(['doctor', '--json'], { env });
  const { settings } = JSON.parse(stdout) as { settings: { name: string; value: string; from: string }[] };
  const { value, from } = settings.find(({ name }) => name === 'run.patience') ?? {};
  return [value, from];
}

async function variable(): Promise<void> {
  assert.deepEqual(await told({}), ['17', 'default']);
  assert.deepEqual(await told({ SIMCITY_PATIENCE: '5' }), ['5', 'SIMCITY_PATIENCE']);
  const { exitCode, stderr } = await simcity(['run'], { env: { SIMCITY_PATIENCE: 'long' } });
  assert.deepEqual([exitCode, /SIMCITY_PATIENCE: 'long' is invalid/.test(stderr)], [2, true]);
}

async function file(): Promise<void> {
  const write = (patience: number) =>
    writeFileSync('simcity.config.json', JSON.stringify({ run: { patience } }));
  write(6);
  assert.deepEqual(await told({}), ['6', 'simcity.config.json']);
  write(100);
  const { exitCode, stderr } = await simcity(['run']);
  rmSync('simcity.config.json');
  assert.deepEqual([exitCode, /run\.patience: /.test(stderr)], [2, true]);
}

async function completion(): Promise<void> {
  const { stdout } = await simcity(['__complete', '1', '--', 'run', '--pat']);
  assert.match(stdout, /^--patience\tminutes that citizens wait/);
}

function readme(): void {
  node('.ci/settings.ts');
  assert.match(
    readFileSync('cli/README.md', 'utf8'),
    /`SIMCITY_PATIENCE` \| `--patience` \| `run\.patience` \| 17 \|/,
  );
}

async function api(url: string): Promise<void> {
  const { body: document } = await call(url, 'GET', '/openapi.json');
  const { properties } = (document as { components: { schemas: { RunConfig: { properties: object } } } })
    .components.schemas.RunConfig;
  const described = (properties as Record<string, object>)['patience'];
  assert.partialDeepStrictEqual(described, { minimum: 1, maximum: 99, default: 17 });
  const post = (config: object) => call(url, 'POST', `${API_BASE}/runs`, { target: 'memory', config });
  assert.partialDeepStrictEqual(await post({ patience: 9 }), {
    status: 201,
    body: { config: { patience: 9 } },
  });
  assert.partialDeepStrictEqual(await post({}), { status: 201, body: { config: { patience: 17 } } });
  const refused = await post({ patience: 100 });
  assert.equal(refused.status, 400);
  assert.match(JSON.stringify(refused.body), /config\.patience is 100, but must be at most 99/);
}

async function printAndReproduction(url: string): Promise<void> {
  const asked = ['run', '--target', 'memory', '--seed', '7', '--bug', 'check-then-insert', '--patience', '8'];
  const { exitCode, stdout } = await simcity(asked, { env: { SIMCITY_URL: url } });
  assert.equal(exitCode, 1, stdout);
  assert.match(stdout, / settings .* patience=8( |$)/m);
  assert.match(stdout, /reproduce: npx simcity run .* --patience 8$/m);
}

async function terminalForm(url: string): Promise<void> {
  const env = { PATH: process.env['PATH'], LANG: 'C.UTF-8', SIMCITY_URL: url };
  const pty = startPty(process.execPath, ['cli/simcity.js', 'browse'], { columns: 100, rows: 40, env });
  try {
    await pty.until((text) => text.includes('by newest'), 'the list');
    pty.press('n');
    await pty.until((text) => /Patience +17/.test(text), 'the field');
  } finally {
    pty.press('\u001bq');
    pty.kill('SIGTERM');
    await pty.exited;
  }
}

/** Where there is no browser, what the page loads is read. */
async function webForm(url: string): Promise<void> {
  if (!hasChromium)
    return assert.match(
      execFileSync('grep', ['-rhoE', 'label.{0,40}Patience|Patience', 'dist/web'], { encoding: 'utf8' }),
      /Patience/,
    );
  const browser = await startChromium();
  const { page, open } = await openPage(browser, url);
  await open();
  await page.getByRole('button', { name: 'Launch a run' }).click();
  await page.getByText('More settings').click();
  assert.equal(await page.getByLabel('Patience').getAttribute('placeholder'), '17');
  await browser.close();
}

function node(...args: string[]): void {
  execFileSync(process.execPath, args, { stdio: ['ignore', 2, 2] });
}

function git(...args: string[]): string {
  return execFileSync('git', args, { encoding: 'utf8' });
}
