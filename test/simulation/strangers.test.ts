/** Services that nobody wrote for SimCity: the right ones pass, the wrong ones fail for their true reason. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { loadModules } from '../../runner/modules/load-modules.ts';
import type { EndReport } from '../../server/contract/index.ts';
import {
  RIGHT_SERVICES,
  STRANGER_SERVICES,
  type StrangerService,
} from '../fixtures/stranger-services/index.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { executedStranger, hasPython, served } from '../helpers/stranger-services.ts';

const OPERATIONS = 600;
/** Seeds until a wrong service has to be found. */
const MOST_SEEDS = 3;

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.close());
afterEach(() => loadModules(undefined));

async function started(service: StrangerService, bug: string | null) {
  const database = service.needs === 'postgres' ? await postgres.createDatabase({ migrated: false }) : null;
  return await served(service, bug, database);
}

const label = (service: StrangerService, text: string) =>
  service.needs === 'python' && !hasPython ? `${text} (skipped: this machine has no python3)` : text;

for (const service of RIGHT_SERVICES) {
  it.skipIf(service.needs === 'python' && !hasPython)(
    label(service, `${service.name} passes, and its rules are told as they are`),
    async () => {
      await using right = await started(service, null);
      for (const faults of ['rough', 'brutal'] as const) {
        for (const seed of [1, 2]) {
          const { end, sink } = await executedStranger(service, right.url, seed, {
            operations: OPERATIONS,
            faults,
          });
          expect(end.failForensic?.message ?? end.status, `${faults}, seed ${seed}`).toBe('PASS');
          const note = sink.events.find(({ type, data }) => type === 'note' && data['what'] === 'rules');
          const { capacity: _, reads: __, ...rules } = service.rules;
          expect(note?.data['rules'], `${faults}, seed ${seed}`).toMatchObject(rules);
        }
      }
    },
  );
}

for (const service of STRANGER_SERVICES) {
  it.skipIf(service.needs === 'python' && !hasPython)(
    label(service, `${service.name} with the bug ${service.bug} fails for its true reason`),
    async () => {
      await using wrong = await started(service, service.bug);
      const found = await failureOf(service, wrong.url);
      expect(service.expects.invariants).toContain(found.invariant);
      expect(service.expects.operations, found.message).toContain(found.operation?.['operation']);
    },
  );
}

/** The failure of the first seed that fails. */
async function failureOf(
  service: StrangerService,
  url: string,
): Promise<NonNullable<EndReport['failForensic']>> {
  for (let seed = 1; seed <= MOST_SEEDS; seed++) {
    const { end } = await executedStranger(service, url, seed, { operations: OPERATIONS });
    if (end.failForensic) return end.failForensic;
  }
  throw new Error(`${service.name} passed ${MOST_SEEDS} seeds with the bug ${service.bug}`);
}
