/** Services that nobody wrote for SimCity: the wrong ones fail for their true reason. */
import { expect } from 'vitest';
import { STRANGER_SERVICES } from '../fixtures/stranger-services/index.ts';
import { firstFailure, itOfStranger, strangerSuite } from '../helpers/stranger-services.ts';

const OPERATIONS = 400;

const suite = strangerSuite();

for (const service of STRANGER_SERVICES) {
  itOfStranger(service, `${service.name} with the bug ${service.bug} fails for its true reason`, async () => {
    await using wrong = await suite.started(service, service.bug);
    const { forensic } = await firstFailure(service, wrong.url, { operations: OPERATIONS });
    expect(service.expects.invariants, forensic.message).toContain(forensic.invariant);
    expect(service.expects.operations, forensic.message).toContain(forensic.operation?.['operation']);
  });
}
