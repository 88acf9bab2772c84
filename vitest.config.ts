import { defineConfig } from 'vitest/config';

// `npm test` runs everything but the heavy suites, which have scripts and configs of their own.
export default defineConfig({
  test: {
    include: ['test/{unit,integration,simulation,e2e}/**/*.test.{ts,tsx}'],
    globalSetup: ['test/helpers/global-setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
