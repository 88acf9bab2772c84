/** What an adapter or a module of the user's does wrong: an error that is never the service's under test. */
import type { ModuleRole, Place } from './place.ts';

/** When it went wrong: while the file was loaded, the city set up or reset, or calls and answers mapped. */
export type AdapterPhase = 'load' | 'setup' | 'reset' | 'mapping';

export interface AdapterErrorOptions extends ErrorOptions {
  phase: AdapterPhase;
  role: ModuleRole;
  place?: Place | null;
}

/** The message is a whole sentence without the place, which whoever reports it adds. */
export class AdapterError extends Error {
  override readonly name: string = 'AdapterError';
  readonly phase: AdapterPhase;
  readonly role: ModuleRole;
  /** Null: only the file is known, or what its stack tells. */
  readonly place: Place | null;

  constructor(message: string, { phase, role, place = null, ...options }: AdapterErrorOptions) {
    super(message, options);
    this.phase = phase;
    this.role = role;
    this.place = place;
  }
}

/** `TypeError: x is not a function`; what is thrown that is no error, as text. */
export function errorText(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : `${typeof error} ${String(error)}`;
}
