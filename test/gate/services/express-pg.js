/** Tickets over Express and node-postgres, with transactions by hand. BUG names what is wrong with it. */
import { randomUUID } from 'node:crypto';
import express from 'express';
import pg from 'pg';

const { BUG, DATABASE_URL, PORT } = process.env;
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 });
pool.on('error', (error) => console.error(`an idle connection was lost: ${error.message}`));

await pool.query(`
  create table if not exists slots (
    id text primary key,
    capacity int not null,
    open boolean not null default true,
    taken int not null default 0
  );
  create table if not exists bookings (
    id uuid primary key,
    slot text not null references slots (id) on delete cascade,
    citizen text not null,
    key text not null,
    active boolean not null default true,
    created_at timestamptz not null default now()
  );
  create index if not exists bookings_by_slot on bookings (slot)`);

async function inTransaction(work) {
  const client = await pool.connect();
  let broken;
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((lost) => {
      broken = lost;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

const keyOf = 'select id from bookings where slot = $1 and citizen = $2 and key = $3';
const isMine = 'select 1 from bookings where slot = $1 and citizen = $2 and active';

/** The row of the slot is locked for as long as it takes to look and to book. */
const book = (slot, citizen, key) =>
  inTransaction(async (client) => {
    const found = (await client.query('select * from slots where id = $1 for update', [slot])).rows[0];
    if (!found) return { error: 'no-such-slot' };
    const before = (await client.query(keyOf, [slot, citizen, key])).rows[0];
    if (before) return { id: before.id };
    if (!found.open) return { error: 'closed' };
    if ((await client.query(isMine, [slot, citizen])).rowCount > 0) return { error: 'already-booked' };
    if (found.taken >= found.capacity) return { error: 'full' };
    const id = randomUUID();
    await client.query('insert into bookings (id, slot, citizen, key) values ($1, $2, $3, $4)', [
      id,
      slot,
      citizen,
      key,
    ]);
    await client.query('update slots set taken = taken + 1 where id = $1', [slot]);
    return { id };
  });

/** Nothing is locked between the look and the booking. */
const bookUnlocked = (slot, citizen, key) =>
  inTransaction(async (client) => {
    const found = (await client.query('select * from slots where id = $1', [slot])).rows[0];
    if (!found) return { error: 'no-such-slot' };
    const before = (await client.query(keyOf, [slot, citizen, key])).rows[0];
    if (before) return { id: before.id };
    if (!found.open) return { error: 'closed' };
    const held = (await client.query('select citizen from bookings where slot = $1 and active', [slot])).rows;
    if (held.some((each) => each.citizen === citizen)) return { error: 'already-booked' };
    if (held.length >= found.capacity) return { error: 'full' };
    const id = randomUUID();
    await client.query('insert into bookings (id, slot, citizen, key) values ($1, $2, $3, $4)', [
      id,
      slot,
      citizen,
      key,
    ]);
    return { id };
  });

/** The counter is read, and written back by another statement. */
async function bookByCounter(slot, citizen, key) {
  const found = (await pool.query('select * from slots where id = $1', [slot])).rows[0];
  if (!found) return { error: 'no-such-slot' };
  const before = (await pool.query(keyOf, [slot, citizen, key])).rows[0];
  if (before) return { id: before.id };
  if (!found.open) return { error: 'closed' };
  if ((await pool.query(isMine, [slot, citizen])).rowCount > 0) return { error: 'already-booked' };
  if (found.taken >= found.capacity) return { error: 'full' };
  await pool.query('update slots set taken = $2 where id = $1', [slot, found.taken + 1]);
  const id = randomUUID();
  await pool.query('insert into bookings (id, slot, citizen, key) values ($1, $2, $3, $4)', [
    id,
    slot,
    citizen,
    key,
  ]);
  return { id };
}

/** One statement looks and inserts, which two can do at the same time. */
async function bookInOne(slot, citizen, key) {
  const before = (await pool.query(keyOf, [slot, citizen, key])).rows[0];
  if (before) return { id: before.id };
  const made = await pool.query(
    `insert into bookings (id, slot, citizen, key)
     select $1, id, $3, $4 from slots
     where id = $2 and open
       and not exists (select 1 from bookings where slot = $2 and citizen = $3 and active)
       and (select count(*) from bookings where slot = $2 and active) < capacity
     returning id`,
    [randomUUID(), slot, citizen, key],
  );
  if (made.rowCount > 0) return { id: made.rows[0].id };
  const found = (
    await pool.query(
      `select open,
         exists (select 1 from bookings where slot = s.id and citizen = $2 and active) as mine,
         (select count(*) from bookings where slot = s.id and active) >= capacity as full
       from slots s where id = $1`,
      [slot, citizen],
    )
  ).rows[0];
  if (!found) return { error: 'no-such-slot' };
  if (!found.open) return { error: 'closed' };
  if (found.mine) return { error: 'already-booked' };
  return found.full ? { error: 'full' } : bookInOne(slot, citizen, key);
}

const booking =
  { 'check-then-insert': bookUnlocked, 'lost-update': bookByCounter, 'single-statement': bookInOne }[BUG] ??
  book;

const app = express();
app.use(express.json());

app.post('/admin/reset', async (request, response) => {
  await inTransaction(async (client) => {
    await client.query('delete from slots');
    for (const { id, capacity } of request.body.slots) {
      await client.query('insert into slots (id, capacity) values ($1, $2)', [id, capacity]);
    }
  });
  response.status(204).end();
});

app.get('/slots', async (_request, response) => {
  const { rows } = await pool.query(`
    select s.id, s.capacity, s.open, count(b.id)::int as bookings
    from slots s left join bookings b on b.slot = s.id and b.active
    group by s.id order by s.id collate "C"`);
  response.json(rows);
});

app.get('/slots/:id', async (request, response) => {
  const { rows } = await pool.query(
    `select s.id as slot, s.capacity, s.open, b.id, b.citizen
     from slots s left join bookings b on b.slot = s.id and b.active
     where s.id = $1 order by b.created_at, b.id`,
    [request.params.id],
  );
  if (rows.length === 0) return response.status(404).json({ error: 'no-such-slot' });
  const [{ slot, capacity, open }] = rows;
  const bookings = rows.filter(({ id }) => id !== null).map(({ id, citizen }) => ({ id, slot, citizen }));
  response.json({ id: slot, capacity, open, bookings });
});

app.patch('/slots/:id', async (request, response) => {
  if (typeof request.body?.open !== 'boolean') return response.status(400).json({ error: 'bad-request' });
  const { rowCount } = await pool.query('update slots set open = $2 where id = $1', [
    request.params.id,
    request.body.open,
  ]);
  if (rowCount === 0) return response.status(404).json({ error: 'no-such-slot' });
  response.status(204).end();
});

app.post('/slots/:id/bookings', async (request, response) => {
  const { citizen } = request.body ?? {};
  const key = request.get('Idempotency-Key');
  if (!key || typeof citizen !== 'string') return response.status(400).json({ error: 'bad-request' });
  const slot = request.params.id;
  const { id, error } = await booking(slot, citizen, key);
  if (error) return response.status(error === 'no-such-slot' ? 404 : 409).json({ error });
  response.status(201).json({ id, slot, citizen });
});

app.delete('/bookings/:id', async (request, response) => {
  const { rowCount } = await pool.query(
    `with gone as (update bookings set active = false where id::text = $1 and active returning slot)
     update slots set taken = taken - 1 from gone where slots.id = gone.slot`,
    [request.params.id],
  );
  if (rowCount === 0) return response.status(404).json({ error: 'no-such-booking' });
  response.status(204).end();
});

app.use((error, _request, response, _next) => {
  response.status(error.status ?? 500).json({ error: error.message });
});

app.listen(Number(PORT), '127.0.0.1');
