/** Reference services over HTTP, in this process: in memory, and over a PostgreSQL that a file of tests has. */
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll } from 'vitest';
import { findScenario } from '../../runner/scenarios/registry.ts';
import { inMemory } from '../fixtures/reference-services/in-memory.ts';
import { overPostgres } from '../fixtures/reference-services/over-postgres.ts';
import { type ContractCalls, serveCalls } from '../fixtures/reference-services/served-calls.ts';
import { executedLive } from './execute.ts';
import { startTestPostgres, type TestPostgres } from './postgres.ts';

export interface ServedReference extends AsyncDisposable {
  readonly url: string;
}

export interface ReferenceGround {
  /** The service of a scenario, right (null) or with a bug, on a free port until it is disposed of. */
  served(
    store: 'memory' | 'postgres',
    scenario: string,
    calls: ContractCalls,
    bug: string | null,
  ): Promise<ServedReference>;
  /** Of a new database. */
  databaseUrl(): Promise<string>;
}

/** To be called once by a file of tests. */
export function referenceGround(): ReferenceGround {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres?.close());
  const databaseUrl = () => postgres.createDatabase({ migrated: false });
  return {
    databaseUrl,
    async served(store, name, calls, bug) {
      const { memoryService, sqlService } = findScenario(name);
      if (!memoryService || !sqlService) throw new Error(`${name} has no reference services.`);
      const service =
        store === 'memory'
          ? inMemory(memoryService(bug))
          : await overPostgres(sqlService(bug), await databaseUrl());
      const server = await serveCalls(service, calls);
      return {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        async [Symbol.asyncDispose]() {
          server.closeAllConnections();
          await new Promise((resolve) => server.close(resolve));
          await service.close();
        },
      };
    },
  };
}

/** Runs of a scenario at its reference service, which is started for each of them; `usual` are settings of all. */
export function attacksOn(
  ground: ReferenceGround,
  scenario: string,
  calls: ContractCalls,
  usual: Record<string, unknown>,
) {
  return async (
    store: 'memory' | 'postgres',
    bug: string | null,
    seed: number,
    config: Record<string, unknown> = {},
  ) => {
    await using service = await ground.served(store, scenario, calls, bug);
    return await executedLive({ scenario, target: service.url, seed, config: { ...usual, ...config } });
  };
}
