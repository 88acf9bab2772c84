import { defineConfig } from 'vitest/config';

// The suites that take too long for `npm test`; `npm run test:heavy`.
export default defineConfig({
  test: {
    include: ['test/heavy/**/*.test.ts', 'test/simulation/linearizability-oracle.test.ts'],
    // Other histories than `npm test` holds against the oracle, and many more of them.
    env: { SIMCITY_ORACLE_HISTORIES: '100000', SIMCITY_ORACLE_SEED: '2' },
    globalSetup: ['test/helpers/global-setup.ts'],
    testTimeout: 900_000,
    hookTimeout: 300_000,
    pool: 'forks',
    maxWorkers: 1,
  },
});
