import { defineConfig } from 'vitest/config';

const shared = { pool: 'forks' as const, globalSetup: ['test/helpers/global-setup.ts'] };

/** Whole runs in real time, beside the tests of their kind; `npm test` has to be over in five minutes. */
const WHOLE_RUNS = [
  'test/simulation/{strangers-right,pgwire,pgwire-statements,postgres,autocommit,statement-record,checking-cost}.test.ts',
  'test/simulation/why-{laboratory,probes,span}.test.ts',
  'test/integration/{gate-ground,pgwire-faults,pgwire-transparent}.test.ts',
  'test/e2e/{web-real-run,web-page,web-runs,web-tasks,web-why,web-events,cli-check-adapter,cli-world,cli-bisect,cli-campaign-nights}.test.ts',
];

/** What takes minutes by itself and has a shorter relative in another suite: for the time before a release. */
const LONGEST = [
  'test/heavy/{left-behind,package,gate-command-line,gate-ground,gate-runs,runner-attempts,bisect-gate}.test.ts',
  'test/heavy/{worker,cli-refusals,tickets-postgres}.test.ts',
  'test/e2e/{web-why,web-events}.test.ts',
  'test/heavy/{campaign-shards,campaign-gated,campaign-scale,campaign-processes}.test.ts',
  'test/heavy/{http-tickets,http-tickets-gated,cli-scenario-http,explain-command,shrink-postgres,strangers,supabase-cli}.test.ts',
  'test/simulation/why-laboratory.test.ts',
];

/** What the environment says of these variables. */
const given = (...names: string[]) =>
  Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));

/** Eight suites, each with a script of its own but for the first two; test/README.md says what belongs where. */
export default defineConfig({
  test: {
    projects: [
      {
        // `npm test`, with the next. These leave nothing behind, so that files share a process and what it has imported.
        test: {
          ...shared,
          name: 'sharing',
          include: ['test/{unit,simulation}/**/*.test.{ts,tsx}'],
          exclude: WHOLE_RUNS,
          isolate: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 3,
        },
      },
      {
        test: {
          ...shared,
          name: 'test',
          include: ['test/{integration,e2e}/**/*.test.{ts,tsx}'],
          exclude: WHOLE_RUNS,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // More than the cores that it is measured on: a good part of a test is waiting for processes and leases.
          maxWorkers: 3,
        },
      },
      {
        // `npm run test:heavy`: what takes too long for `npm test`.
        test: {
          ...shared,
          name: 'heavy',
          exclude: LONGEST,
          include: [
            'test/heavy/**/*.test.ts',
            ...WHOLE_RUNS,
            'test/simulation/linearizability-{oracle,right,rules,joint}.test.ts',
            'test/simulation/{ruled-cities,culprit}.test.ts',
          ],
          // Other histories than `npm test` holds against the oracle, and many more of them; more seeds too. The
          // environment may ask for more: SIMCITY_ORACLE_HISTORIES=100000 takes five minutes.
          env: {
            SIMCITY_ORACLE_HISTORIES: '15000',
            SIMCITY_ORACLE_SEED: '2',
            SIMCITY_SEEDS: '30',
            ...given('SIMCITY_ORACLE_HISTORIES', 'SIMCITY_ORACLE_SEED', 'SIMCITY_SEEDS'),
          },
          testTimeout: 900_000,
          hookTimeout: 300_000,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // `npm run test:longest`
        test: {
          ...shared,
          name: 'longest',
          include: LONGEST,
          testTimeout: 900_000,
          hookTimeout: 300_000,
          maxWorkers: 2,
          sequence: { groupOrder: 6 },
        },
      },
      {
        // `npm run test:chaos`: the matrix of faults on real processes. `npm run soak`: its last row alone.
        test: {
          ...shared,
          name: 'chaos',
          include: process.env['SIMCITY_SOAK'] ? ['test/chaos/soak.ts'] : ['test/chaos/**/*.test.ts'],
          globalSetup: ['test/chaos/support/global-setup.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        // `npm run test:gate`: ordinary services behind the gate. SIMCITY_GATE_SEEDS says how many seeds of each.
        test: {
          ...shared,
          name: 'gate',
          include: ['test/gate/**/*.test.ts'],
          testTimeout: 4 * 3_600_000,
          hookTimeout: 300_000,
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
      {
        // `npm run test:why`: explanations of known faults, against what reading their services says.
        test: {
          ...shared,
          name: 'why',
          include: ['test/why/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
          sequence: { groupOrder: 4 },
        },
      },
      {
        // `npm run test:containers`: the image, built and run. Its set-up takes most of the time.
        test: {
          ...shared,
          name: 'containers',
          include: ['test/containers/**/*.test.ts'],
          globalSetup: ['test/containers/support/global-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
          sequence: { groupOrder: 5 },
        },
      },
    ],
  },
});
