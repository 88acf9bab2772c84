/**
 * The services of strangers, held longer against the same claims: more seeds for the right ones, and what is left of
 * a failure of the wrong ones when it is shrunk.
 */
import { expect } from 'vitest';
import { shrink } from '../../runner/shrink/shrink.ts';
import { formatSignature, runConfigSchema, signatureOf } from '../../server/contract/index.ts';
import {
  RIGHT_SERVICES,
  STRANGER_SERVICES,
  type StrangerService,
} from '../fixtures/stranger-services/index.ts';
import { neverStopped } from '../helpers/execute.ts';
import { executedStranger, itOfStranger, strangerSuite, trueFailure } from '../helpers/stranger-services.ts';

/** Half of them under each profile. */
const SEEDS = 6;
const OPERATIONS = 400;
/** Requests that tell of a bug, at most. */
const MOST_REQUESTS = 4;
/** A failure that stays larger, or is not seen again, is made small again so often. */
const AGAIN = 2;

const suite = strangerSuite();

for (const service of RIGHT_SERVICES) {
  itOfStranger(service, `${service.name} passes ${SEEDS} seeds`, async () => {
    await using right = await suite.started(service, null);
    for (const faults of ['rough', 'brutal'] as const) {
      for (let seed = 1; seed <= SEEDS / 2; seed++) {
        const config = { operations: OPERATIONS, faults };
        const { end } = await executedStranger(service, right.url, seed, config);
        expect(end.failForensic?.message ?? end.status, `${faults}, seed ${seed}`).toBe('PASS');
      }
    }
  });
}

for (const service of STRANGER_SERVICES) {
  const title = `${service.name} (${service.bug}) shrinks to ${MOST_REQUESTS} requests that fail the same way`;
  itOfStranger(service, title, async () => {
    await using wrong = await suite.started(service, service.bug);
    // To overbook a slot takes one request more than it has seats.
    const rules = service.rules.capacity === undefined ? { capacity: [1, MOST_REQUESTS - 1] } : {};
    const config = { operations: OPERATIONS, rules };
    let smallest = await shrunk(service, wrong.url, config);
    // The world decides the interleaving, also of what a reduction leaves out.
    const isSmall = () => smallest.requests <= MOST_REQUESTS && smallest.reproduced > 0;
    for (let again = 0; again < AGAIN && !isSmall(); again++) {
      smallest = await shrunk(service, wrong.url, config);
    }
    expect(smallest.requests).toBeLessThanOrEqual(MOST_REQUESTS);
    expect(smallest.signature).toBe(smallest.recorded);
    expect(smallest.reproduced).toBeGreaterThan(0);
  });
}

/** A true failure of the service, made small. */
async function shrunk(service: StrangerService, url: string, config: object) {
  const { seed, forensic } = await trueFailure(service, url, config);
  const signature = signatureOf(forensic);
  const subject = {
    ...{ scenario: 'bookings', target: url, targetUrl: null, exec: null, seed },
    ...{ config: runConfigSchema.parse(config), signature },
  };
  const result = await shrink(subject, {
    ...{ maxExecutions: 300, maxSeconds: 120, confirmations: 5 },
    ...{ signal: neverStopped, onProgress: () => undefined },
  });
  if (typeof result === 'string') throw new Error(result);
  const { trial, reproduced } = result;
  return {
    requests: trial.candidate.operations.length,
    signature: trial.forensic && formatSignature(signatureOf(trial.forensic)),
    recorded: formatSignature(signature),
    reproduced: reproduced.times,
  };
}
