/**
 * The passwords of this process: made when it starts, so that they are taken out of all that it writes from then on.
 * Its threads have the same.
 */
import { randomBytes } from 'node:crypto';
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';

/** Hexadecimal: it can stand in a URL and in SQL as it is. */
function passwordFor(what: string): string {
  const key = `simcity-password-${what}`;
  const known = getEnvironmentData(key);
  if (typeof known === 'string') return known;
  const fresh = randomBytes(24).toString('hex');
  setEnvironmentData(key, fresh);
  return fresh;
}

/** What the service shows at the gate. */
export const GATE_PASSWORD = passwordFor('gate');
/** What the gate shows at the database; no service gets to know it. */
export const ROLE_PASSWORD = passwordFor('role');
