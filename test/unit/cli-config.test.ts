import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, type Option } from 'commander';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { configure, resolveSettings } from '../../cli/config/apply.ts';
import { loadConfigFile } from '../../cli/config/file.ts';
import { maskSetting, SETTINGS } from '../../cli/config/settings.ts';
import { addRun } from '../../cli/program/run.ts';
import { giveAway } from '../helpers/stranger.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'simcity-config-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function file(content: unknown, name = 'simcity.config.json'): void {
  writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
}

/** The options of `run` for these arguments, after everything else had its say. */
async function runWith(args: string[], env: Record<string, string> = {}) {
  const program = new Command();
  addRun(program, () => async () => {});
  const command = program.commands[0] as Command;
  command.exitOverride().parseOptions(args);
  const configured = await configure(command, env, folder);
  return { options: command.opts(), ...configured };
}

describe('settings', () => {
  test('flags come first, then the environment, then the file, then defaults', async () => {
    file({ run: { operations: 10, citizens: 11, slots: 12, faults: 'calm' }, server: 'http://file:1' });
    const { options } = await runWith(['--operations', '30'], {
      SIMCITY_OPERATIONS: '20',
      SIMCITY_CITIZENS: '21',
    });
    expect(options).toMatchObject({ operations: 30, citizens: 21, slots: 12, faults: 'calm' });
    expect(options).not.toHaveProperty('concurrency');
    expect((await runWith([], { SIMCITY_URL: 'http://env:1' })).env['SIMCITY_URL']).toBe('http://env:1');
  });

  test('the server of a file is kept apart from the variable, with the token of the same file', async () => {
    file({ server: 'http://file:1', token: 'of-the-file' });
    const { env, fileServer } = await runWith([], { SIMCITY_TOKEN: 'of-the-user' });
    expect(env['SIMCITY_URL']).toBeUndefined();
    expect(env['SIMCITY_TOKEN']).toBe('of-the-user');
    expect(fileServer).toEqual({ url: 'http://file:1', token: 'of-the-file', file: 'simcity.config.json' });
    file({});
    expect((await runWith([])).fileServer).toBeUndefined();
  });

  test('an empty variable counts as not set', async () => {
    file({ run: { slots: 12 }, token: 'secret' });
    const { options, env } = await runWith([], { SIMCITY_SLOTS: '', SIMCITY_TOKEN: '' });
    expect(options['slots']).toBe(12);
    expect(env['SIMCITY_TOKEN']).toBe('secret');
  });

  test('whether failures are explained is said by flags, the environment and the file, or not at all', async () => {
    expect((await runWith([])).options).not.toHaveProperty('explain');
    expect((await runWith(['--explain'])).options['explain']).toBe(true);
    expect((await runWith(['--no-explain'], { SIMCITY_EXPLAIN: '1' })).options['explain']).toBe(false);
    expect((await runWith([], { SIMCITY_EXPLAIN: '1' })).options['explain']).toBe(true);
    expect((await runWith([], { SIMCITY_EXPLAIN: '0' })).options['explain']).toBe(false);
    file({ explain: false });
    expect((await runWith([])).options['explain']).toBe(false);
    expect((await runWith([], { SIMCITY_EXPLAIN: '1' })).options['explain']).toBe(true);
  });

  test('all kinds of values come through', async () => {
    file({
      reporters: ['junit=a.xml', 'github'],
      targetUrl: 'postgres://u@h/d',
      theme: 'light',
      run: { duration: '2m', fault: { delay: 0.5 }, threshold: ['ok>1'], bug: 'lost-cancel' },
    });
    const { options, env } = await runWith([]);
    expect(options).toMatchObject({
      duration: 120,
      fault: { delay: 0.5 },
      threshold: ['ok>1'],
      bug: 'lost-cancel',
      reporter: [
        { name: 'junit', file: 'a.xml' },
        { name: 'github', file: null },
      ],
    });
    expect(env).toMatchObject({ SIMCITY_TARGET_URL: 'postgres://u@h/d', SIMCITY_THEME: 'light' });
    const fromEnv = await runWith([], {
      SIMCITY_FAULT: 'delay=0.1,crash=0.2',
      SIMCITY_REPORTER: 'html=x.html',
    });
    expect(fromEnv.options).toMatchObject({
      fault: { delay: 0.1, crash: 0.2 },
      reporter: [{ file: 'x.html' }],
    });
  });

  test('what is read from the environment comes from the file and from its flag, and from no other flag', async () => {
    file({ leaseSeconds: 5, requestRate: 7, targets: 'a.example,b.example', ascii: true, sink: 'supabase' });
    const { env } = await runWith(['--sink', 'server', '--exec', 'node service.js', '--target', 'memory']);
    expect(env).toEqual({
      ...{ SIMCITY_LEASE_SECONDS: '5', SIMCITY_REQUEST_RATE: '7', SIMCITY_TARGETS: 'a.example,b.example' },
      ...{ SIMCITY_ASCII: '1', SIMCITY_SINK: 'server' },
    });
  });

  test('a TypeScript file may compute', async () => {
    file('const n: number = 6 * 7;\nexport default { run: { seed: n } };\n', 'simcity.config.ts');
    expect((await runWith([])).options['seed']).toBe(42);
  });

  test.each([
    ['{ "run": { "operations": "many" } }', /simcity\.config\.json: run\.operations: .*expected number/],
    ['{ "run": { "faults": "wild" } }', /run\.faults: /],
    ['{ "serverr": 1 }', /the whole: .*serverr/],
    ['{ "server": "nowhere" }', /server: must be the URL of a server/],
    ['{ "run": { "threshold": ["fast"] } }', /run\.threshold\.0: must be a comparison/],
    ['{ oops', /simcity\.config\.json cannot be read/],
    ['[]', /the whole: /],
  ])('%s is refused with the file and the field', async (content, message) => {
    file(content);
    await expect(loadConfigFile(folder)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(message),
    });
  });

  test('a bad variable is named', async () => {
    await expect(runWith([], { SIMCITY_OPERATIONS: 'many' })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/^SIMCITY_OPERATIONS: 'many' is invalid\. It takes a whole number/),
    });
    await expect(runWith([], { SIMCITY_FAULTS: 'wild' })).rejects.toThrow('SIMCITY_FAULTS');
  });

  test.runIf(process.geteuid?.() === 0)(
    'a file of another user is refused, and so is their link (needs root, to give paths away)',
    async () => {
      file('throw new Error("executed");', 'simcity.config.ts');
      giveAway(join(folder, 'simcity.config.ts'));
      await expect(loadConfigFile(folder)).rejects.toMatchObject({
        exitCode: 2,
        message: 'simcity.config.ts is not used: it belongs to another user, uid 65534.',
        hint: expect.stringContaining('chown'),
      });
      rmSync(join(folder, 'simcity.config.ts'));
      file({}, 'mine.json');
      symlinkSync('mine.json', join(folder, 'simcity.config.json'));
      expect((await loadConfigFile(folder))?.values).toEqual({});
      giveAway(join(folder, 'simcity.config.json'));
      await expect(loadConfigFile(folder)).rejects.toThrow('it belongs to another user');
    },
  );

  test('two files are one too many', async () => {
    file({});
    file('export default {};', 'simcity.config.ts');
    await expect(loadConfigFile(folder)).rejects.toThrow('both simcity.config.ts and simcity.config.json');
  });
});

describe('what came from where', () => {
  test('is told for every setting, with secrets masked', async () => {
    file({ token: 'tok-in-file', databaseUrl: 'postgres://me:hunter2@db/x?password=hunter3', port: 5000 });
    const loaded = await loadConfigFile(folder);
    const env = { SIMCITY_URL: 'http://u:pw@ops:4600' };
    const rows = resolveSettings(env, loaded, { dataDir: '/d' });
    expect(rows).toHaveLength(SETTINGS.length);
    const row = (name: string) => rows.find(({ setting }) => setting.name === name);
    expect(row('server')).toMatchObject({ value: 'http://***@ops:4600', from: 'SIMCITY_URL' });
    expect(row('token')).toMatchObject({ value: '***', from: 'simcity.config.json' });
    expect(row('databaseUrl')).toMatchObject({ value: 'postgres://***@db/x?password=***' });
    expect(row('dataDir')).toMatchObject({ value: '/d', from: '--data-dir' });
    expect(row('port')).toMatchObject({ value: '5000', from: 'simcity.config.json' });
    expect(row('run.faults')).toMatchObject({ value: 'rough', from: 'default' });
    expect(JSON.stringify(rows)).not.toMatch(/hunter|tok-in|pw@/);
  });

  test('names and variables are unique, and the options of run have them', () => {
    expect(new Set(SETTINGS.map(({ name }) => name)).size).toBe(SETTINGS.length);
    expect(new Set(SETTINGS.map(({ variable }) => variable)).size).toBe(SETTINGS.length);
    const program = new Command();
    addRun(program, () => async () => {});
    const options = (program.commands[0] as Command).options.map((option: Option) => option.attributeName());
    for (const { name, option } of SETTINGS) {
      if (name.startsWith('run.')) expect(options).toContain(option);
    }
    expect(maskSetting(SETTINGS[0] as (typeof SETTINGS)[number], 'http://h')).toBe('http://h');
  });
});
