/** Services that nobody wrote for SimCity: the right ones pass, and their rules are told as they are. */
import { expect } from 'vitest';
import { RIGHT_SERVICES } from '../fixtures/stranger-services/index.ts';
import { executedStranger, itOfStranger, strangerSuite } from '../helpers/stranger-services.ts';

const OPERATIONS = 150;

const suite = strangerSuite();

for (const service of RIGHT_SERVICES) {
  itOfStranger(service, `${service.name} passes, and its rules are told as they are`, async () => {
    // One process for all seeds: the reset of every adapter makes a fresh city.
    await using right = await suite.started(service, null);
    for (const faults of ['rough', 'brutal'] as const) {
      for (const seed of [1, 2]) {
        const { end, sink } = await executedStranger(service, right.url, seed, {
          ...{ operations: OPERATIONS, faults },
        });
        expect(end.failForensic?.message ?? end.status, `${faults}, seed ${seed}`).toBe('PASS');
        const note = sink.events.find(({ type, data }) => type === 'note' && data['what'] === 'rules');
        const { capacity: _, reads: __, ...rules } = service.rules;
        expect(note?.data['rules'], `${faults}, seed ${seed}`).toMatchObject(rules);
      }
    }
  });
}
