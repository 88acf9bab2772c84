import { defineConfig } from 'vitest/config';

// The matrix of faults on real processes: `npm run test:chaos`; its last row alone: `npm run soak`.
export default defineConfig({
  test: {
    include: process.env['SIMCITY_SOAK'] ? ['test/chaos/soak.ts'] : ['test/chaos/**/*.test.ts'],
    globalSetup: ['test/chaos/support/global-setup.ts'],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
