/** Tickets over Knex and node's own server: every transaction is serializable, and is tried again. BUG names what is wrong with it. */
import { createServer } from 'node:http';
import knexOf from 'knex';

const { BUG, DATABASE_URL, PORT } = process.env;
/** The wrong forms forget that nothing but the isolation makes the look and the booking one. */
const isolation = BUG ? 'read committed' : 'serializable';
const knex = knexOf({
  client: 'pg',
  connection: {
    connectionString: DATABASE_URL,
    options: `-c default_transaction_isolation=${isolation.replace(' ', '\\ ')}`,
  },
  pool: { min: 0, max: 10 },
});

if (!(await knex.schema.hasTable('slots'))) {
  await knex.schema.createTable('slots', (table) => {
    table.text('id').primary();
    table.integer('capacity').notNullable();
    table.boolean('open').notNullable().defaultTo(true);
    table.integer('taken').notNullable().defaultTo(0);
  });
  await knex.schema.createTable('bookings', (table) => {
    table.increments('number');
    table.text('slot').notNullable().references('slots.id').onDelete('cascade').index();
    table.text('citizen').notNullable();
    table.text('key').notNullable();
    table.boolean('active').notNullable().defaultTo(true);
  });
}

/** PostgreSQL asks for it by these codes: what was refused had no effect. */
async function retried(work) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!['40001', '40P01'].includes(error.code) || attempt === 20) throw error;
    }
  }
}

const book = (slot, citizen, key) =>
  knex.transaction(async (trx) => {
    const found = await trx('slots').where({ id: slot }).first();
    if (!found) return { error: 'no-such-slot' };
    const before = await trx('bookings').where({ slot, citizen, key }).first('number');
    if (before) return { number: before.number };
    if (!found.open) return { error: 'closed' };
    const held = await trx('bookings').where({ slot, active: true }).select('citizen');
    if (held.some((each) => each.citizen === citizen)) return { error: 'already-booked' };
    if (held.length >= found.capacity) return { error: 'full' };
    const [made] = await trx('bookings').insert({ slot, citizen, key }).returning('number');
    return { number: made.number };
  });

/** The counter is read, and written back by another statement. */
async function bookByCounter(slot, citizen, key) {
  const found = await knex('slots').where({ id: slot }).first();
  if (!found) return { error: 'no-such-slot' };
  const before = await knex('bookings').where({ slot, citizen, key }).first('number');
  if (before) return { number: before.number };
  if (!found.open) return { error: 'closed' };
  if (await knex('bookings').where({ slot, citizen, active: true }).first())
    return { error: 'already-booked' };
  if (found.taken >= found.capacity) return { error: 'full' };
  await knex('slots')
    .where({ id: slot })
    .update({ taken: found.taken + 1 });
  const [made] = await knex('bookings').insert({ slot, citizen, key }).returning('number');
  return { number: made.number };
}

/** One statement looks and inserts, which two can do at the same time. */
async function bookInOne(slot, citizen, key) {
  const before = await knex('bookings').where({ slot, citizen, key }).first('number');
  if (before) return { number: before.number };
  const active = () => knex('bookings').whereRaw('bookings.slot = slots.id').where({ active: true });
  const room = knex('slots')
    .where({ id: slot, open: true })
    .whereNotExists(active().where({ citizen }))
    .where('capacity', '>', active().count('*'))
    .select('id', knex.raw('?', [citizen]), knex.raw('?', [key]));
  const [made] = await knex(knex.raw('bookings (slot, citizen, key)')).insert(room).returning('number');
  if (made) return { number: made.number };
  const found = await knex('slots')
    .where({ id: slot })
    .first('open', 'capacity', {
      mine: active().where({ citizen }).count('*'),
      held: active().count('*'),
    });
  if (!found) return { error: 'no-such-slot' };
  if (!found.open) return { error: 'closed' };
  if (Number(found.mine) > 0) return { error: 'already-booked' };
  return Number(found.held) >= found.capacity ? { error: 'full' } : bookInOne(slot, citizen, key);
}

const booking = { 'lost-update': bookByCounter, 'single-statement': bookInOne }[BUG] ?? book;

const numberOf = (id) => (/^t-\d{1,9}$/.test(id) ? Number(id.slice(2)) : 0);

const routes = [
  {
    ...{ method: 'POST', path: /^\/admin\/reset$/ },
    async answer(_, { slots }) {
      await knex.transaction(async (trx) => {
        await trx('slots').delete();
        await trx('slots').insert(slots.map(({ id, capacity }) => ({ id, capacity })));
      });
      return [204];
    },
  },
  {
    ...{ method: 'GET', path: /^\/slots$/ },
    async answer() {
      const rows = await knex('slots')
        .leftJoin('bookings', (on) => on.on('bookings.slot', 'slots.id').andOnVal('bookings.active', true))
        .groupBy('slots.id')
        .orderByRaw('slots.id collate "C"')
        .select('slots.id', 'capacity', 'open')
        .count({ bookings: 'bookings.number' });
      return [200, rows.map((row) => ({ ...row, bookings: Number(row.bookings) }))];
    },
  },
  {
    ...{ method: 'GET', path: /^\/slots\/([^/]+)$/ },
    async answer([id]) {
      const rows = await knex('slots')
        .leftJoin('bookings', (on) => on.on('bookings.slot', 'slots.id').andOnVal('bookings.active', true))
        .where({ 'slots.id': id })
        .orderBy('number')
        .select('capacity', 'open', 'number', 'citizen');
      if (rows.length === 0) return [404, { error: 'no-such-slot' }];
      const bookings = rows
        .filter(({ number }) => number !== null)
        .map(({ number, citizen }) => ({ id: `t-${number}`, slot: id, citizen }));
      return [200, { id, capacity: rows[0].capacity, open: rows[0].open, bookings }];
    },
  },
  {
    ...{ method: 'PATCH', path: /^\/slots\/([^/]+)$/ },
    async answer([id], { open }) {
      if (typeof open !== 'boolean') return [400, { error: 'bad-request' }];
      const count = await knex('slots').where({ id }).update({ open });
      return count > 0 ? [204] : [404, { error: 'no-such-slot' }];
    },
  },
  {
    ...{ method: 'POST', path: /^\/slots\/([^/]+)\/bookings$/ },
    async answer([slot], { citizen }, headers) {
      const key = headers['idempotency-key'];
      if (!key || typeof citizen !== 'string') return [400, { error: 'bad-request' }];
      const { number, error } = await booking(slot, citizen, key);
      if (error) return [error === 'no-such-slot' ? 404 : 409, { error }];
      return [201, { id: `t-${number}`, slot, citizen }];
    },
  },
  {
    ...{ method: 'DELETE', path: /^\/bookings\/([^/]+)$/ },
    answer: ([id]) =>
      knex.transaction(async (trx) => {
        const [gone] = await trx('bookings')
          .where({ number: numberOf(id), active: true })
          .update({ active: false })
          .returning('slot');
        if (!gone) return [404, { error: 'no-such-booking' }];
        await trx('slots').where({ id: gone.slot }).decrement('taken');
        return [204];
      }),
  },
];

async function answered(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  for (const { method, path, answer } of routes) {
    const match = request.method === method && path.exec(request.url);
    if (!match) continue;
    const words = match.slice(1).map(decodeURIComponent);
    const body = text === '' ? {} : (JSON.parse(text) ?? {});
    return await retried(() => answer(words, body, request.headers));
  }
  return [404, { error: 'no-such-route' }];
}

createServer(async (request, response) => {
  const [status, body] = await answered(request).catch((error) =>
    error instanceof SyntaxError ? [400, { error: 'bad-request' }] : [500, { error: error.message }],
  );
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}).listen(Number(PORT), '127.0.0.1');
