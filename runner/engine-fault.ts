/** The error by which the engine says that it broke a rule of its own, so that nobody looks for it in the service. */

export class EngineFault extends Error {
  /** `rule` says what should have held, as a sentence. */
  constructor(rule: string) {
    super(
      `SimCity broke a rule of its own, which is no fault of the service: ${rule} ` +
        'Please report it with the command and the seed of this run.',
    );
    this.name = 'EngineFault';
  }
}
