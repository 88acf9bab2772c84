/** What tests of the page stand on, one for each file: a database, a server, and a browser. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import type { Launch, Run } from '../../server/contract/index.ts';
import type { Sql } from '../../server/db/client.ts';
import type { RunningServer } from '../../server/server.ts';
import { hasChromium, startChromium } from './browser.ts';
import { startTestPostgres, type TestPostgres } from './postgres.ts';
import { FakeHarness, launch, startTestServer } from './server.ts';

export interface PageWorld {
  server: RunningServer;
  browser: Browser;
  /** A pool on the server's database, until all is over. */
  sql(): Sql;
  /** A run that a harness has begun. */
  begun(given: Launch): Promise<{ run: Run; harness: FakeHarness }>;
}

/** To be called where a file begins; what it answers is there once tests run, where there is a browser. */
export function pageWorld(): PageWorld {
  let database: TestPostgres;
  let url: string;
  const world = {
    sql: () => database.open(url),
    async begun(given) {
      const run = await launch(world.server.url, given);
      const harness = new FakeHarness(world.server.url, run.id);
      await harness.claim(world.sql(), 300);
      return { run, harness };
    },
  } as PageWorld;
  beforeAll(async () => {
    if (!hasChromium) return;
    [database, world.browser] = await Promise.all([startTestPostgres(), startChromium()]);
    url = await database.createDatabase();
    world.server = await startTestServer(url);
  });
  afterAll(async () => {
    await world.browser?.close();
    await world.server?.stop();
    await database?.close();
  });
  return world;
}
