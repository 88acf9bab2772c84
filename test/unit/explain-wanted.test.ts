import { expect, it } from 'vitest';
import { isWanted } from '../../cli/explain/automatic.ts';
import { runConfigSchema } from '../../server/contract/index.ts';

const terminal = { env: { TERM: 'xterm' }, isTerminal: { stdin: true, stdout: true, stderr: true } };
const ci = { ...terminal, env: { TERM: 'xterm', CI: 'true' } };
const pipe = { env: {}, isTerminal: { stdin: false, stdout: false, stderr: false } };
const config = runConfigSchema.parse({});
const screen = { as: 'screen', exitOnEnd: false } as const;
const on = (target: string) => ({ flags: {}, run: { target, config }, presentation: screen });

it('is by itself on a terminal, for what its seed decides', () => {
  for (const target of ['memory', 'postgres', 'module:./service.ts'])
    expect(isWanted(terminal, on(target)), target).toBe(true);
  expect(isWanted(terminal, on('http://127.0.0.1:8080'))).toBe(false);
  const gate = { backends: 1, service: 'ordered' };
  const gated = { target: 'http://127.0.0.1:8080', config: { ...config, gate: gate as never } };
  expect(isWanted(terminal, { ...on('memory'), run: gated })).toBe(true);
  expect(isWanted(terminal, { ...on('memory'), presentation: { as: 'log', exitOnEnd: false } })).toBe(true);
});

it('is not under CI, without a terminal, for data alone, nor for whoever leaves at the verdict', () => {
  expect(isWanted(ci, on('memory'))).toBe(false);
  expect(isWanted(pipe, on('memory'))).toBe(false);
  for (const as of ['json', 'quiet'] as const)
    expect(isWanted(terminal, { ...on('memory'), presentation: { as, exitOnEnd: false } })).toBe(false);
  expect(isWanted(terminal, { ...on('memory'), presentation: { as: 'screen', exitOnEnd: true } })).toBe(
    false,
  );
});

it('is what the flags say, where they say something', () => {
  for (const context of [terminal, ci, pipe]) {
    expect(isWanted(context, { ...on('memory'), flags: { explain: true } })).toBe(true);
    expect(isWanted(context, { ...on('memory'), flags: { explain: false } })).toBe(false);
  }
  expect(isWanted(ci, { ...on('http://127.0.0.1:8080'), flags: { explain: true } })).toBe(true);
});
