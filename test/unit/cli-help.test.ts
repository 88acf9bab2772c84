import { tmpdir } from 'node:os';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { buildProgram } from '../../cli/program.ts';
import { flagOf, namesOf, PROCESS_ROWS, RUN_ROWS } from '../../server/contract/index.ts';
import { runInProcess } from '../helpers/fake-context.ts';

const program = buildProgram({} as Parameters<typeof buildProgram>[0], () => {});
const commands = program.commands.filter((command) => !(command as Command & { _hidden: boolean })._hidden);
const names = commands.map((command) => command.name()).filter((name) => name !== 'help');

describe('help', () => {
  test.each(names)('of %s has a text, examples that are valid, and exit codes', async (name) => {
    const { exitCode, stdout, stderr } = await runInProcess(['help', name], tmpdir());
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: simcity /);
    expect(stdout).toMatch(/^Exit codes: /m);
    const examples = [...stdout.matchAll(/^ {2}\$ (.*?)(?: {2,}.*)?$/gm)].map(([, line]) => line ?? '');
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) expect(optionsOf(example), example).toEqual(knownOptionsOf(example));
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  });

  test('is the same by --help, and lists the commands, the environment and the exit codes', async () => {
    const { stdout } = await runInProcess(['--help'], tmpdir());
    for (const name of names) expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
    for (const [, { variable, help, isInternal }] of PROCESS_ROWS) {
      if (isInternal) expect(stdout).not.toContain(variable);
      else expect(stdout.split('\n').find((line) => line.startsWith(`  ${variable} `))).toContain(help);
    }
    expect(stdout).toContain('NO_COLOR');
    expect(stdout).toContain('3 STOPPED');
    expect(stdout).not.toContain('__complete');
    const watch = (await runInProcess(['watch', '--help'], tmpdir())).stdout;
    expect((await runInProcess(['help', 'watch'], tmpdir())).stdout).toBe(watch);
  });

  test('of run has every setting with its help and its names', async () => {
    const { stdout } = await runInProcess(['run', '--help'], tmpdir());
    const text = stdout.replace(/\s+/g, ' ');
    for (const [name, setting] of RUN_ROWS) {
      // Of several URLs each is a --target.
      if (flagOf(name, setting) === null) continue;
      expect(text).toContain(setting.help);
      for (const name of 'choices' in setting ? namesOf(setting.choices) : []) expect(text).toContain(name);
    }
  });

  test('words are consistent', () => {
    for (const command of commands) {
      expect(command.summary() || command.description(), command.name()).not.toMatch(/\.$/);
      for (const option of command.options) {
        expect(option.description, `${command.name()} ${option.flags}`).not.toMatch(/^[A-Z](?!I)[a-z]|\.$/);
      }
    }
  });
});

function optionsOf(example: string): string[] {
  return [...simcityPart(example).matchAll(/(?<=\s)--[a-z-]+/g)].map(([option]) => option);
}

/** Those of an example's options that its command has. */
function knownOptionsOf(example: string): string[] {
  const [, name, second] = simcityPart(example).split(' ');
  const outer = program.commands.find((each) => each.name() === name);
  const command = outer?.commands.find((each) => each.name() === second) ?? outer;
  const known = command?.options.map(({ long }) => long) ?? [];
  return optionsOf(example).filter((option) => known.includes(option));
}

/** Without what stands before the command, and what it is piped into. */
function simcityPart(example: string): string {
  return example.slice(example.indexOf('simcity ')).replace(/\s[|>].*$/, '');
}
