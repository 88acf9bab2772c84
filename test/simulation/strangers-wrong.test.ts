/** Services that nobody wrote for SimCity: the wrong ones fail for their true reason. */
import { expect } from 'vitest';
import { STRANGER_SERVICES } from '../fixtures/stranger-services/index.ts';
import { itOfStranger, strangerSuite, trueFailure } from '../helpers/stranger-services.ts';

const OPERATIONS = 600;

const suite = strangerSuite();

for (const service of STRANGER_SERVICES) {
  itOfStranger(service, `${service.name} with the bug ${service.bug} fails for its true reason`, async () => {
    await using wrong = await suite.started(service, service.bug);
    const { forensic } = await trueFailure(service, wrong.url, { operations: OPERATIONS });
    expect(service.expects.invariants).toContain(forensic.invariant);
    expect(service.expects.operations).toContain(forensic.operation?.['operation']);
  });
}
