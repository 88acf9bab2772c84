/** The passwords of this process: made when it starts, so that they are taken out of all that it writes from then on. */
import { randomBytes } from 'node:crypto';

/** Hexadecimal: it can stand in a URL and in SQL as it is. */
const fresh = () => randomBytes(24).toString('hex');

/** What the service shows at the gate. */
export const GATE_PASSWORD = fresh();
/** What the gate shows at the database; no service gets to know it. */
export const ROLE_PASSWORD = fresh();
