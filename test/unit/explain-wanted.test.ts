import { expect, it } from 'vitest';
import { isWanted } from '../../cli/tasks/automatic.ts';

const terminal = { env: { TERM: 'xterm' }, isTerminal: { stdin: true, stdout: true, stderr: true } };
const ci = { ...terminal, env: { TERM: 'xterm', CI: 'true' } };
const pipe = { env: {}, isTerminal: { stdin: false, stdout: false, stderr: false } };
const screen = { as: 'screen', exitOnEnd: false } as const;
const looked = { flags: {}, presentation: screen };

it('is by itself on a terminal', () => {
  for (const as of ['screen', 'log'] as const)
    expect(isWanted(terminal, { flags: {}, presentation: { as, exitOnEnd: false } }), as).toBe(true);
});

it('is not under CI, without a terminal, for data alone, nor for whoever leaves at the verdict', () => {
  expect(isWanted(ci, looked)).toBe(false);
  expect(isWanted(pipe, looked)).toBe(false);
  for (const as of ['json', 'quiet'] as const)
    expect(isWanted(terminal, { ...looked, presentation: { as, exitOnEnd: false } })).toBe(false);
  expect(isWanted(terminal, { ...looked, presentation: { as: 'screen', exitOnEnd: true } })).toBe(false);
});

it('is what the flags say, where they say something', () => {
  for (const context of [terminal, ci, pipe]) {
    expect(isWanted(context, { ...looked, flags: { explain: true } })).toBe(true);
    expect(isWanted(context, { ...looked, flags: { explain: false } })).toBe(false);
  }
});
