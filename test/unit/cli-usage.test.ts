import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildProgram } from '../../cli/program.ts';
import { FAULT_NAMES, FAULT_PROFILES, ISOLATION_LEVELS, RUN_STATUSES } from '../../server/contract/index.ts';
import { runInProcess } from '../helpers/fake-context.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'simcity-usage-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const WRONG: [args: string[], said: string][] = [
  [['rnu'], "unknown command 'rnu'\n(Did you mean run?)"],
  [['run', '--sede', '3'], "unknown option '--sede'\n(Did you mean --seed?)"],
  [
    ['run', '--seed', 'abc'],
    "argument 'abc' is invalid. It takes a whole number from 0 to 9007199254740991.",
  ],
  [['run', '--seed', '-1'], 'It takes a whole number'],
  [['run', '--seed', '9007199254740992'], "'9007199254740992' is invalid"],
  [['run', '--operations', '0'], 'It takes a whole number from 1'],
  [['run', '--duration', 'soon'], "'soon' is invalid. It takes a duration such as 500ms, 30s, 5m or 1h"],
  [['run', '--faults', 'wild'], 'It takes one of none, calm, rough, brutal.'],
  [['run', '--fault', 'delay'], 'It takes NAME=RATE with a rate from 0 to 1'],
  [['run', '--fault', 'delay=1.5'], 'It takes NAME=RATE with a rate from 0 to 1'],
  [['run', '--fault', 'earthquake=0.5'], 'It takes one of drop-request, drop-response, '],
  [['run', '--isolation', 'chaos'], 'It takes one of read-committed, '],
  [['run', '--target', 'mysql'], 'It takes postgres, memory, the http(s) URL of a service, or a file'],
  [['run', '--threshold', 'fast'], "such as 'p95_latency_ms<50'"],
  [['run', '--bug', 'Not A Bug'], 'It takes a name in lower case'],
  [['run', '--snapshot-every', '2'], 'whole number from 5'],
  [['run', '--rate', '0'], 'number above 0'],
  [['run', 'a', 'b'], 'too many arguments'],
  [['run', 'Not A Scenario'], 'scenario'],
  [['run', '--server', 'nowhere'], "'nowhere' is invalid. It takes the URL of a server"],
  [['watch', 'a', 'b'], 'too many arguments'],
  [['watch', '--server', 'ftp://x'], 'It takes the URL of a server'],
  [['stop'], "missing required argument 'run'"],
  [['runs', '--status', 'BROKEN'], 'It takes one of QUEUED, '],
  [['runs', '--limit', 'all'], "'all' is invalid"],
  [['show', '--josn'], 'Did you mean --json?'],
  [['events', '--from', '-5'], "'-5' is invalid"],
  [['snapshots', '--every', '0'], "'0' is invalid"],
  [['forensic', '--nope'], "unknown option '--nope'"],
  [['up', '--port', '70000'], 'whole number from 0 to 65535'],
  [['serve', '--port', 'x'], 'whole number from 0 to 65535'],
  [['runner', '--parallel', '0'], 'whole number from 1'],
  [['migrate', 'now'], 'too many arguments'],
];

describe('wrong usage', () => {
  test.each(WRONG)('simcity %j says what would be right, with exit code 2', async (args, said) => {
    const { exitCode, stdout, stderr } = await runInProcess(args, folder);
    expect(stderr).toContain(said);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });

  test('an escape sequence in an argument is shown, not obeyed', async () => {
    const { stderr } = await runInProcess(['run', '--seed', '\u001b[31m'], folder);
    expect(stderr).toContain("'␛[31m'");
    expect(stderr).not.toContain('\u001b');
  });
});

test('the choices of flags are those of the contract', () => {
  const program = buildProgram({} as Parameters<typeof buildProgram>[0], () => {});
  const choices = (command: string, flag: string) =>
    program.commands.find((each) => each.name() === command)?.options.find((each) => each.long === flag)
      ?.argChoices;
  expect(choices('run', '--faults')).toEqual([...FAULT_PROFILES]);
  expect(choices('run', '--isolation')).toEqual([...ISOLATION_LEVELS]);
  expect(choices('runs', '--status')).toEqual([...RUN_STATUSES]);
  expect(choices('run', '--fault')).toEqual([...FAULT_NAMES]);
});
