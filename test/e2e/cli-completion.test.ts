/** Completion, asked of the real shells where they are installed. */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { simcity } from '../helpers/cli-process.ts';
import { type FakeServer, startFakeServer } from '../helpers/fake-server.ts';
import { type Pty, startPty } from '../helpers/pty.ts';
import { RUN_ID, recordedRun } from '../helpers/recorded-run.ts';

let server: FakeServer;
let folder: string;
let env: Record<string, string>;
beforeAll(async () => {
  server = await startFakeServer(recordedRun());
  folder = mkdtempSync(join(tmpdir(), 'simcity-completion-'));
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'data-here'));
  writeFileSync(join(folder, 'report-here.xml'), '');
  symlinkSync(process.execPath, join(folder, 'bin', 'node'));
  const command = join(folder, 'bin', 'simcity');
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${process.cwd()}/cli/simcity.js" "$@"\n`);
  chmodSync(command, 0o755);
  env = {
    PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
    HOME: folder,
    LANG: 'C.UTF-8',
    SIMCITY_URL: server.url,
  };
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Not the synchronous one: the fake server must be able to answer meanwhile. */
const execute = promisify(execFile);
const isInstalled = (shell: string) => spawnSync(shell, ['--version']).status === 0;

/** The words that are offered after `simcity ` and these, the last of which is not finished. */
async function offered(...words: string[]): Promise<string[]> {
  const { stdout, exitCode } = await simcity(['__complete', String(words.length - 1), '--', ...words], {
    env,
    cwd: folder,
  });
  expect(exitCode).toBe(0);
  return stdout.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')[0] ?? '']));
}

describe('what is offered', () => {
  test('commands, options, their values, and runs', async () => {
    expect(await offered('wa')).toEqual(['watch']);
    expect(await offered('')).toEqual(expect.arrayContaining(['run', 'watch', 'help', 'doctor']));
    expect(await offered('')).not.toContain('__complete');
    expect(await offered('run', '--fault')).toEqual(['--faults', '--fault']);
    expect(await offered('run', '--faults', '')).toEqual(['none', 'calm', 'rough', 'brutal']);
    expect(await offered('run', '--faults=b')).toEqual(['--faults=brutal']);
    expect(await offered('run', '--fault', 'drop')).toEqual(['drop-request=', 'drop-response=']);
    expect(await offered('run', '--rule', 'key')).toEqual(['keys=yes', 'keys=no', 'keyTtl=']);
    expect(await offered('run', '--rule=cap')).toEqual(['--rule=capacity=']);
    expect(await offered('run', '--target', 'http://h:1', '--targ')).toEqual(['--target', '--target-url']);
    expect(await offered('run', '--strategy', '')).toEqual([
      'random',
      'pct',
      'ambush',
      'rivals',
      'pos',
      'surw',
    ]);
    expect(await offered('run', 'b')).toEqual(['bookings', ':files']);
    expect(await offered('campaign', '')).toEqual(['bookings', 'transfers', 'stays', 'tickets', ':files']);
    expect(await offered('run', '--bug', 'check')).toEqual(['check-then-insert']);
    expect(await offered('run', 'transfers', '--bug', '')).toEqual([
      ...['lost-update', 'no-idempotency', 'torn-statement'],
    ]);
    expect(await offered('run', '--target', 'memory', '--bug', 'late')).toEqual([]);
    expect(await offered('run', '--bug=late')).toEqual(['--bug=late-key']);
    expect(await offered('run', '--target', 'p')).toEqual(['postgres', ':files']);
    expect(await offered('runner', '--launcher', '')).toEqual(['process', 'docker', 'kubernetes']);
    expect(await offered('list', 'b')).toEqual(['bugs']);
    expect(await offered('run', '--threshold', 'ok>1', '--thr')).toEqual(['--threshold']);
    expect(await offered('run', '--quiet', '--qu')).toEqual([]);
    expect(await offered('run', '--data-dir', '')).toEqual([':directories']);
    expect(await offered('completion', '')).toEqual(['bash', 'zsh', 'fish']);
    expect(await offered('watch', '')).toEqual(['latest', '12']);
    expect(await offered('watch', '1')).toEqual(['12']);
    expect(await offered('diff', RUN_ID, '')).toEqual(['latest', '12']);
    expect(await offered('stop', RUN_ID.slice(0, 4))).toEqual([RUN_ID]);
    server.run = recordedRun({ status: 'STOPPED' });
    expect(await offered('stop', '')).toEqual([]);
    expect(await offered('watch', '')).toEqual(['latest', '12']);
    server.run = recordedRun();
    expect(await offered('help', 'sh')).toEqual(['show', 'shrink']);
  });

  test('nothing, silently, when no server answers', async () => {
    const result = await simcity(['__complete', '1', '--', 'watch', ''], {
      env: { ...env, SIMCITY_URL: 'http://127.0.0.1:9' },
    });
    expect(result).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });
});

describe('bash', () => {
  test('completes', async () => {
    const ask = async (line: string) => {
      const script = `source <(simcity completion bash); COMP_LINE='${line}'; COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:'
        read -ra COMP_WORDS <<< "$(sed 's/=/ = /g' <<< "$COMP_LINE")"
        [[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('')
        COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 )); _simcity; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout } = await execute('bash', ['-c', script], { env, cwd: folder });
      return stdout.trim().split('\n');
    };
    expect(await ask('simcity wat')).toEqual(['watch']);
    expect(await ask('simcity run --faults ')).toEqual(['none', 'calm', 'rough', 'brutal']);
    expect(await ask('simcity run --faults=br')).toEqual(['brutal']);
    expect(await ask('simcity run --bug check')).toEqual(['check-then-insert']);
    expect(await ask('simcity watch 01')).toEqual([RUN_ID]);
    expect(await ask('simcity run --output rep')).toEqual(['report-here.xml']);
    expect(await ask('simcity run --data-dir dat')).toEqual(['data-here']);
  });

  test('completes when a person presses Tab', async () => {
    const pty = startPty('bash', ['--norc', '--noprofile', '-i'], {
      columns: 100,
      cwd: folder,
      env: { ...env, PS1: 'shell> ' },
    });
    await pty.until((text) => text.includes('shell>'), 'a prompt');
    pty.press('source <(simcity completion bash)\r');
    await pty.until((text) => text.trimEnd().split('shell>').length > 2, 'the prompt again');
    pty.press('simcity wat\t');
    await pty.until((text) => text.includes('simcity watch'), 'the command');
    pty.press('0198\t');
    await pty.until((text) => text.includes(RUN_ID), 'the run');
    pty.press(' --jso\t');
    await pty.until((text) => text.includes('--json'), 'the option');
    await leave(pty);
  });
});

describe.skipIf(!isInstalled('zsh'))('zsh', () => {
  test('completes when a person presses Tab', async () => {
    const pty = startPty('zsh', ['-f', '-i'], { columns: 100, cwd: folder, env: { ...env, PS1: 'shell> ' } });
    await pty.until((text) => text.includes('shell>'), 'a prompt');
    pty.press("PS1='shell> '; autoload -Uz compinit; compinit -u -D; source <(simcity completion zsh)\r");
    await pty.until((text) => text.trimEnd().split('shell>').length > 3, 'the prompt again', 15_000);
    pty.press('simcity wat\t');
    await pty.until((text) => text.includes('simcity watch'), 'the command');
    pty.press('0198\t');
    await pty.until((text) => text.includes(RUN_ID), 'the run');
    pty.press('\u0015simcity run --faults bru\t');
    await pty.until((text) => text.includes('--faults brutal'), 'the value');
    pty.press('\u0015simcity run --output report-h\t');
    await pty.until((text) => text.includes('report-here.xml'), 'the file');
    await leave(pty);
  });
});

describe.skipIf(!isInstalled('fish'))('fish', () => {
  test('completes', async () => {
    const ask = async (line: string) => {
      const script = `simcity completion fish | source; complete -C '${line}'`;
      const { stdout } = await execute('fish', ['--no-config', '-c', script], { env, cwd: folder });
      return stdout
        .trim()
        .split('\n')
        .map((each) => each.split('\t')[0]);
    };
    expect(await ask('simcity wat')).toEqual(['watch']);
    expect(await ask('simcity run --faults ')).toEqual(
      expect.arrayContaining(['none', 'calm', 'rough', 'brutal']),
    );
    expect(await ask('simcity run --faults=br')).toEqual(['--faults=brutal']);
    expect(await ask('simcity watch 01')).toEqual([RUN_ID]);
    expect(await ask('simcity run --output rep')).toEqual(['report-here.xml']);
  });
});

async function leave(pty: Pty): Promise<void> {
  pty.press('\u0003');
  pty.kill('SIGKILL');
  await pty.exited;
}

test('an unknown shell is wrong usage', async () => {
  const child = spawn(process.execPath, ['cli/simcity.js', 'completion', 'tcsh'], { stdio: 'ignore' });
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(2);
});
