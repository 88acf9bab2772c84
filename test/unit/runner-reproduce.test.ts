/** The reproducing command: only what differs from the defaults, and safe to paste into a shell. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { reproduceCommand, shellWord } from '../../runner/reproduce.ts';
import { limitsFor, runConfigSchema, SERVICE_LIMITS } from '../../server/contract/index.ts';

function command(config: Parameters<typeof runConfigSchema.parse>[0], target = 'postgres'): string {
  return reproduceCommand({ scenario: 'bookings', target, seed: 7, config: runConfigSchema.parse(config) });
}

test('a run with every default needs only its seed', () => {
  expect(command({})).toBe('npx simcity run --seed 7');
});

test('what differs from the defaults becomes a flag', () => {
  expect(
    command(
      {
        operations: 50,
        durationSeconds: 2.5,
        citizens: 3,
        slots: 2,
        concurrency: 4,
        faults: 'none',
        faultRates: { 'drop-response': 0.02, delay: 1 },
        bug: 'check-then-insert',
        isolation: 'serializable',
        strategy: 'pct',
        rate: 10,
        snapshotEvery: 5,
        thresholds: ['p95_latency_ms<50'],
      },
      'memory',
    ),
  ).toBe(
    'npx simcity run --target memory --seed 7 --operations 50 --duration 2.5s --citizens 3 --slots 2' +
      ' --concurrency 4 --faults none --fault drop-response=0.02 --fault delay=1 --bug check-then-insert' +
      " --isolation serializable --strategy pct --snapshot-every 5 --threshold 'p95_latency_ms<50'",
  );
});

test('a limit of time names the operations too, because alone it would decide', () => {
  expect(command({ durationSeconds: 5 })).toBe('npx simcity run --seed 7 --operations 2000 --duration 5s');
  expect(command({ operations: 9 })).toBe('npx simcity run --seed 7 --operations 9');
});

test('another scenario is named before the flags', () => {
  const config = runConfigSchema.parse({});
  expect(reproduceCommand({ scenario: 'seats', target: 'memory', seed: 0, config })).toBe(
    'npx simcity run seats --target memory --seed 0',
  );
});

test('a run against a service has limits of its own by default, and names all others', () => {
  const url = 'http://127.0.0.1:8080';
  expect(command({ ...SERVICE_LIMITS }, url)).toBe(`npx simcity run --target ${url} --seed 7`);
  expect(command({ operations: 20_000 }, url)).toContain('--operations 20000');
  expect(command({ operations: 20_000 }, url)).not.toContain('--duration');
  expect(command({ operations: 500, durationSeconds: 20 }, url)).toContain('--operations 500 --duration 20s');
  expect([limitsFor(url, {}), limitsFor(url, { operations: 5 }), limitsFor('postgres', {})]).toEqual([
    SERVICE_LIMITS,
    {},
    {},
  ]);
});

test('user and password of the target are left out, and the variable for them is named', () => {
  expect(command({ ...SERVICE_LIMITS }, 'https://user:secret@host:8080/x?y=1')).toBe(
    "npx simcity run --target 'https://host:8080/x?y=1' --seed 7" +
      '  # user and password are left out: set SIMCITY_TARGET_CREDENTIALS',
  );
});

test('a shell reads back every quoted word as it was', () => {
  for (const word of ["it's", '$(id) `id`', 'a b', '', '"', '\\', "''", 'x\ny', '~', '*', '#', '!']) {
    expect(execFileSync('sh', ['-c', `printf '%s' ${shellWord(word)}`], { encoding: 'utf8' })).toBe(word);
  }
});
