/**
 * The services of strangers, held longer against the same claims: more seeds for the right ones, and what is left of
 * a failure of the wrong ones when it is shrunk.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadModules } from '../../runner/modules/load-modules.ts';
import { shrink } from '../../runner/shrink/shrink.ts';
import { formatSignature, runConfigSchema, signatureOf } from '../../server/contract/index.ts';
import {
  RIGHT_SERVICES,
  STRANGER_SERVICES,
  type StrangerService,
} from '../fixtures/stranger-services/index.ts';
import { neverStopped } from '../helpers/execute.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { executedStranger, hasPython, served } from '../helpers/stranger-services.ts';

const SEEDS = 10;
const OPERATIONS = 1_000;
/** Requests that tell of a bug, at most. */
const MOST_REQUESTS = 4;

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

for (const service of STRANGER_SERVICES) {
  describe.skipIf(service.needs === 'python' && !hasPython)(`${service.name} (${service.bug})`, () => {
    it.runIf(RIGHT_SERVICES.includes(service))(`without the bug passes ${SEEDS} seeds`, async () => {
      await using right = await started(service, null);
      for (const faults of ['rough', 'brutal'] as const) {
        for (let seed = 1; seed <= SEEDS; seed++) {
          const config = { operations: OPERATIONS, faults };
          const { end } = await executedStranger(service, right.url, seed, config);
          expect(end.failForensic?.message ?? end.status, `${faults}, seed ${seed}`).toBe('PASS');
        }
      }
    });

    it(`with it fails, and shrinks to ${MOST_REQUESTS} requests that fail the same way`, async () => {
      await using wrong = await started(service, service.bug);
      // To overbook a slot takes one request more than it has seats.
      const rules = service.rules.capacity === undefined ? { capacity: [1, MOST_REQUESTS - 1] } : {};
      const config = { operations: OPERATIONS, rules };
      const { seed, forensic } = await firstFailure(service, wrong.url, config);
      expect(service.expects.invariants).toContain(forensic.invariant);
      const subject = {
        ...{ scenario: 'bookings', target: wrong.url, targetUrl: null, exec: null, seed },
        ...{ config: runConfigSchema.parse(config), signature: signatureOf(forensic) },
      };
      const result = await shrink(subject, {
        ...{ maxExecutions: 300, maxSeconds: 240, confirmations: 5 },
        ...{ signal: neverStopped, onProgress: () => undefined },
      });
      if (typeof result === 'string') throw new Error(result);
      expect(result.trial.candidate.operations.length).toBeLessThanOrEqual(MOST_REQUESTS);
      expect(result.trial.forensic && formatSignature(signatureOf(result.trial.forensic))).toBe(
        formatSignature(signatureOf(forensic)),
      );
      expect(result.reproduced.times).toBeGreaterThan(0);
    });
  });
}

async function firstFailure(service: StrangerService, url: string, config: object) {
  for (let seed = 1; seed <= 3; seed++) {
    const { end } = await executedStranger(service, url, seed, config);
    if (end.failForensic) return { seed, forensic: end.failForensic };
  }
  throw new Error(`${service.name} passed 3 seeds with the bug ${service.bug}`);
}
