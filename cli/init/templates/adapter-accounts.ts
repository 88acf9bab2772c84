/**
 * An adapter for a service with accounts: they are made once a run, and every request bears the token of its citizen.
 * The API here is made up: enrolments in lessons. Make it yours.
 *
 *   npx simcity check-adapter --target http://127.0.0.1:8080 --adapter ./my-adapter.ts
 */
import type { HttpAdapter, HttpReply } from 'simcity/scenario';

const REFUSALS: Record<string, string> = {
  'no places left': 'full',
  'already enrolled': 'already-booked',
  'unknown enrolment': 'no-such-booking',
  'not yours': 'not-yours',
  'unknown lesson': 'no-such-slot',
};
/** Made with the lessons; it is no citizen of the run, which are all in the list that `setup` is given. */
const OWNER = 'owner';
const tokens = new Map<string, string>();
let lessons = new Map<string, string>();

const as = (citizen: string) => ({ authorization: `Bearer ${tokens.get(citizen)}` });
/** Accounts of earlier runs are there still. */
const accountOf = (citizen: string) => `${citizen} ${run}`;
const citizenOf = (account: string) => account.split(' ')[0];
let run = '';

const adapter: HttpAdapter = {
  name: 'my-adapter',
  operations: ['book', 'cancel', 'read'],
  rules: { ownCancelOnly: true },

  /** Once a run. For a form instead of JSON: `form: { name, password }`; for cookies: `jar: citizen`. */
  async setup(citizens, send) {
    run = Date.now().toString(36);
    for (const citizen of [OWNER, ...citizens]) {
      const json = { name: accountOf(citizen), password: `password of ${citizen}` };
      const answer = await send({ method: 'POST', path: '/register', json });
      if (answer.status !== 201)
        throw new Error(`${citizen} has no account: ${answer.status} ${answer.text}`);
      tokens.set(citizen, (answer.json as { token: string }).token);
    }
  },

  async reset(world, send) {
    const made = new Map<string, string>();
    for (const { id, capacity } of world.slots) {
      const request = { method: 'POST', path: '/lessons', json: { places: capacity } };
      const { status, json } = await send({ ...request, headers: as(OWNER) });
      if (status >= 300) throw new Error(`No lesson was made: ${status}.`);
      made.set(id, (json as { id: string }).id);
    }
    lessons = made;
  },

  async perform(call, send): Promise<HttpReply> {
    const headers = as(call.citizen);
    if (call.operation === 'cancel') {
      const { status, json } = await send({ method: 'DELETE', path: `/enrolments/${call.booking}`, headers });
      return status === 204 ? { outcome: 'ok' } : refused(status, json);
    }
    const path = `/lessons/${lessons.get(String(call['slot']))}`;
    if (call.operation === 'read') {
      const { status, json } = await send({ method: 'GET', path, headers });
      if (status !== 200) return refused(status, json);
      const pupils = json as { id: string; name: string }[];
      const bookings = pupils.map(({ id, name }) => ({ id, citizen: citizenOf(name) }));
      return { outcome: 'ok', value: { bookings } };
    }
    const { status, json } = await send({ method: 'POST', path: `${path}/enrolments`, headers });
    if (status !== 201) return refused(status, json);
    const { id, owner } = json as { id: string; owner: string };
    if (owner === accountOf(call.citizen)) return { outcome: 'ok', value: { booking: id } };
    // What the API should never answer fails the run.
    return { outcome: 'wrong', why: `${call.citizen} was given an enrolment of ${owner}` };
  },
};

function refused(status: number, json: unknown): HttpReply {
  const reason = REFUSALS[(json as { error?: string } | undefined)?.error ?? ''];
  if (reason === undefined)
    return { outcome: 'wrong', why: `no refusal of this API has the status ${status}` };
  return { outcome: 'refused', reason };
}

export default adapter;
