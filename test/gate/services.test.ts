/**
 * Ordinary services behind the gate, which know nothing of SimCity: one seed is one history, every bug is found, a
 * right service is right, and what fails becomes small and fails again. SIMCITY_GATE_SEEDS: seeds of each, 100 unless
 * it is given.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { Template } from './support/gated-service.ts';
import {
  isIdentical,
  type Measured,
  MOST_SEEDS_TO_FIND,
  measured,
  shrunkFailure,
} from './support/measure.ts';
import { whyNot } from './support/readiness.ts';
import { BUGS, type Bug, GATE_SERVICES, type GateService } from './support/services.ts';

const SEEDS = Number(process.env['SIMCITY_GATE_SEEDS'] ?? 100);
/** A small failure is executed so often; all of 20 takes a while. */
const EXECUTIONS = Math.min(20, Math.max(3, SEEDS));
const IDENTICAL = { each: 0.98, pooled: 0.995 };
const MOST_REQUESTS = 4;

/** With few seeds each bug is made small on one service, with many on all. */
const SHRUNK_ON: Record<Bug, string> = {
  'check-then-insert': 'flask-sqlalchemy',
  'lost-update': 'express-pg',
  'single-statement': 'go-lib-pq',
};
const isShrunk = ({ name }: GateService, bug: Bug) => SEEDS >= MOST_SEEDS_TO_FIND || SHRUNK_ON[bug] === name;

const all: Measured[] = [];
let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.close());

describe.each(GATE_SERVICES.map((service) => ({ service, why: whyNot(service) })))(
  '$service.what',
  ({ service, why }) => {
    const it_ = it.skipIf(why !== null);
    const named = (title: string) => (why === null ? title : `${title} (skipped: ${why})`);
    let template: Template;
    const findings = new Map<Bug, Measured>();

    beforeAll(async () => {
      if (why === null) template = await Template.of(service, postgres);
    });

    it_(named(`right, it passes ${SEEDS} seeds, each with one history`), async () => {
      const right = await measured(service, null, template, { seeds: SEEDS });
      all.push(right);
      expect(right.found.map(({ seed, failure }) => `seed ${seed}: ${failure?.message}`)).toEqual([]);
      expectIdentical(right, IDENTICAL.each);
    });

    it_.each(BUGS)(
      named(`%s is found within ${MOST_SEEDS_TO_FIND} seeds, each with one history`),
      async (bug) => {
        const wrong = await measured(service, bug, template, { seeds: SEEDS });
        findings.set(bug, wrong);
        all.push(wrong);
        expect(wrong.found[0]?.seed).toBeLessThanOrEqual(MOST_SEEDS_TO_FIND);
        expectIdentical(wrong, IDENTICAL.each);
      },
    );

    it_.each(BUGS.filter((bug) => isShrunk(service, bug)))(
      named(
        `%s comes down to ${MOST_REQUESTS} requests, which fail the same way ${EXECUTIONS} times of ${EXECUTIONS}`,
      ),
      async (bug) => {
        const failing = findings.get(bug)?.found.find(isIdentical);
        if (!failing) throw new Error(`No seed that is one history has found ${bug}.`);
        const small = await shrunkFailure(service, bug, template, failing, EXECUTIONS);
        expect(small.requests).toBeLessThanOrEqual(MOST_REQUESTS);
        expect(small.identical).toBe(EXECUTIONS);
      },
    );
  },
);

it.skipIf(GATE_SERVICES.every(whyNot))(
  'of all seeds of all services together, hardly any has a second history',
  () => {
    expectIdentical({ results: all.flatMap(({ results }) => results) }, IDENTICAL.pooled);
    expect(all).not.toEqual([]);
  },
);

/** Names the seeds that have more than one history, and where they part. */
function expectIdentical({ results }: Pick<Measured, 'results'>, share: number): void {
  const others = results.filter((result) => !isIdentical(result));
  const told = others.map(({ seed, proof }) => `seed ${seed}: ${JSON.stringify(proof.parting)}`);
  if (others.length > results.length * (1 - share)) expect(told).toEqual([]);
}
