/** Tickets over Drizzle and postgres.js, BUG names what is wrong with it. */
import { randomUUID } from 'node:crypto';
import { and, count, eq, exists, gt, not, relations, sql } from 'drizzle-orm';
import { boolean, index, integer, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import { drizzle } from 'drizzle-orm/postgres-js';
import express from 'express';
import postgres from 'postgres';

const { BUG, DATABASE_URL, PORT } = process.env;

const slots = pgTable('slots', {
  id: text().primaryKey(),
  capacity: integer().notNull(),
  open: boolean().notNull().default(true),
  taken: integer().notNull().default(0),
});
const bookings = pgTable(
  'bookings',
  {
    id: uuid().primaryKey(),
    slot: text()
      .notNull()
      .references(() => slots.id, { onDelete: 'cascade' }),
    citizen: text().notNull(),
    key: text().notNull(),
    active: boolean().notNull().default(true),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('bookings_by_slot').on(table.slot)],
);
const slotsRelations = relations(slots, ({ many }) => ({ bookings: many(bookings) }));
const bookingsRelations = relations(bookings, ({ one }) => ({
  of: one(slots, { fields: [bookings.slot], references: [slots.id] }),
}));

const client = postgres(DATABASE_URL, { max: 10, onnotice: () => {} });
const db = drizzle(client, { schema: { slots, bookings, slotsRelations, bookingsRelations } });

await client.unsafe(`
  create table if not exists slots (
    id text primary key, capacity integer not null, open boolean not null default true, taken integer not null default 0
  );
  create table if not exists bookings (
    id uuid primary key, slot text not null references slots (id) on delete cascade, citizen text not null, key text not null,
    active boolean not null default true, created_at timestamptz not null default now()
  );
  create index if not exists bookings_by_slot on bookings (slot)`);

const isMine = (slot, citizen) =>
  and(eq(bookings.slot, slot), eq(bookings.citizen, citizen), eq(bookings.active, true));
const byKey = (slot, citizen, key) =>
  and(eq(bookings.slot, slot), eq(bookings.citizen, citizen), eq(bookings.key, key));
const isHeld = (slot) => and(eq(bookings.slot, slot), eq(bookings.active, true));

/** The row of the slot is locked; what is then looked up goes out at once, on the one connection. */
const book = (slot, citizen, key) =>
  db.transaction(async (tx) => {
    const [found] = await tx.select().from(slots).where(eq(slots.id, slot)).for('update');
    if (!found) return { error: 'no-such-slot' };
    const [[before], [mine]] = await Promise.all([
      tx
        .select({ id: bookings.id })
        .from(bookings)
        .where(byKey(slot, citizen, key)),
      tx.select({ id: bookings.id }).from(bookings).where(isMine(slot, citizen)),
    ]);
    if (before) return { id: before.id };
    if (!found.open) return { error: 'closed' };
    if (mine) return { error: 'already-booked' };
    if (found.taken >= found.capacity) return { error: 'full' };
    const id = randomUUID();
    await tx.insert(bookings).values({ id, slot, citizen, key });
    await tx
      .update(slots)
      .set({ taken: found.taken + 1 })
      .where(eq(slots.id, slot));
    return { id };
  });

/** Nothing is locked between the look and the booking. */
const bookUnlocked = (slot, citizen, key) =>
  db.transaction(async (tx) => {
    const [found] = await tx.select().from(slots).where(eq(slots.id, slot));
    if (!found) return { error: 'no-such-slot' };
    const [before] = await tx
      .select({ id: bookings.id })
      .from(bookings)
      .where(byKey(slot, citizen, key));
    if (before) return { id: before.id };
    if (!found.open) return { error: 'closed' };
    const held = await tx.select({ citizen: bookings.citizen }).from(bookings).where(isHeld(slot));
    if (held.some((each) => each.citizen === citizen)) return { error: 'already-booked' };
    if (held.length >= found.capacity) return { error: 'full' };
    const id = randomUUID();
    await tx.insert(bookings).values({ id, slot, citizen, key });
    return { id };
  });

/** The counter is read, and written back by another statement. What it needs to know it asks for at once. */
async function bookByCounter(slot, citizen, key) {
  const [[found], [before], [mine]] = await Promise.all([
    db.select().from(slots).where(eq(slots.id, slot)),
    db
      .select({ id: bookings.id })
      .from(bookings)
      .where(byKey(slot, citizen, key)),
    db.select({ id: bookings.id }).from(bookings).where(isMine(slot, citizen)),
  ]);
  if (!found) return { error: 'no-such-slot' };
  if (before) return { id: before.id };
  if (!found.open) return { error: 'closed' };
  if (mine) return { error: 'already-booked' };
  if (found.taken >= found.capacity) return { error: 'full' };
  await db
    .update(slots)
    .set({ taken: found.taken + 1 })
    .where(eq(slots.id, slot));
  const id = randomUUID();
  await db.insert(bookings).values({ id, slot, citizen, key });
  return { id };
}

/** One statement looks and inserts, which two can do at the same time. */
async function bookInOne(slot, citizen, key) {
  const [before] = await db
    .select({ id: bookings.id })
    .from(bookings)
    .where(byKey(slot, citizen, key));
  if (before) return { id: before.id };
  const room = db
    .select({
      id: sql`${randomUUID()}::uuid`.as('id'),
      slot: slots.id,
      citizen: sql`${citizen}::text`.as('citizen'),
      key: sql`${key}::text`.as('key'),
      active: sql`true`.as('active'),
      createdAt: sql`now()`.as('created_at'),
    })
    .from(slots)
    .where(
      and(
        eq(slots.id, slot),
        eq(slots.open, true),
        not(exists(db.select().from(bookings).where(isMine(slot, citizen)))),
        gt(slots.capacity, db.select({ held: count() }).from(bookings).where(isHeld(slot))),
      ),
    );
  const [made] = await db.insert(bookings).select(room).returning({ id: bookings.id });
  if (made) return { id: made.id };
  const found = await db.query.slots.findFirst({
    where: eq(slots.id, slot),
    with: { bookings: { where: eq(bookings.active, true) } },
  });
  if (!found) return { error: 'no-such-slot' };
  if (!found.open) return { error: 'closed' };
  if (found.bookings.some((each) => each.citizen === citizen)) return { error: 'already-booked' };
  return found.bookings.length >= found.capacity ? { error: 'full' } : bookInOne(slot, citizen, key);
}

const booking =
  { 'check-then-insert': bookUnlocked, 'lost-update': bookByCounter, 'single-statement': bookInOne }[BUG] ??
  book;

const app = express();
app.use(express.json());

app.post('/admin/reset', async (request, response) => {
  await db.transaction(async (tx) => {
    await tx.delete(slots);
    await tx.insert(slots).values(request.body.slots.map(({ id, capacity }) => ({ id, capacity })));
  });
  response.status(204).end();
});

app.get('/slots', async (_request, response) => {
  const rows = await db
    .select({ id: slots.id, capacity: slots.capacity, open: slots.open, bookings: count(bookings.id) })
    .from(slots)
    .leftJoin(bookings, and(eq(bookings.slot, slots.id), eq(bookings.active, true)))
    .groupBy(slots.id)
    .orderBy(sql`${slots.id} collate "C"`);
  response.json(rows);
});

app.get('/slots/:id', async (request, response) => {
  const found = await db.query.slots.findFirst({
    where: eq(slots.id, request.params.id),
    columns: { id: true, capacity: true, open: true },
    with: {
      bookings: {
        columns: { id: true, slot: true, citizen: true },
        where: eq(bookings.active, true),
        orderBy: [bookings.createdAt, bookings.id],
      },
    },
  });
  if (!found) return response.status(404).json({ error: 'no-such-slot' });
  response.json(found);
});

app.patch('/slots/:id', async (request, response) => {
  if (typeof request.body?.open !== 'boolean') return response.status(400).json({ error: 'bad-request' });
  const changed = await db
    .update(slots)
    .set({ open: request.body.open })
    .where(eq(slots.id, request.params.id))
    .returning({ id: slots.id });
  if (changed.length === 0) return response.status(404).json({ error: 'no-such-slot' });
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
  const isGone = await db.transaction(async (tx) => {
    const [gone] = await tx
      .update(bookings)
      .set({ active: false })
      .where(and(eq(sql`${bookings.id}::text`, request.params.id), eq(bookings.active, true)))
      .returning({ slot: bookings.slot });
    if (!gone) return false;
    await tx
      .update(slots)
      .set({ taken: sql`${slots.taken} - 1` })
      .where(eq(slots.id, gone.slot));
    return true;
  });
  if (!isGone) return response.status(404).json({ error: 'no-such-booking' });
  response.status(204).end();
});

app.use((error, _request, response, _next) => {
  response.status(error.status ?? 500).json({ error: error.message });
});

app.listen(Number(PORT), '127.0.0.1');
