/** Books seats with a pessimistic lock on the slot. BUG names what is wrong with it. */
import { ConflictException, Injectable, NotFoundException } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Booking, Slot } from './entities.js';

const refused = (error: string) => new ConflictException({ error });
const noSuchSlot = () => new NotFoundException({ error: 'no-such-slot' });

@Injectable()
export class BookingService {
  constructor(private readonly database: DataSource) {}

  async book(slot: string, citizen: string, key: string): Promise<{ id: string }> {
    switch (process.env.BUG) {
      case 'check-then-insert':
        return await this.bookUnlocked(slot, citizen, key);
      case 'lost-update':
        return await this.bookByCounter(slot, citizen, key);
      case 'single-statement':
        return await this.bookInOne(slot, citizen, key);
      default:
        return await this.bookLocked(slot, citizen, key);
    }
  }

  async cancel(id: string): Promise<void> {
    await this.database.transaction(async (manager) => {
      const { raw } = await manager
        .createQueryBuilder()
        .update(Booking)
        .set({ active: false })
        .where('id::text = :id and active', { id })
        .returning('slot')
        .execute();
      if (raw.length === 0) throw new NotFoundException({ error: 'no-such-booking' });
      await manager.decrement(Slot, { id: raw[0].slot }, 'taken', 1);
    });
  }

  private async bookLocked(slot: string, citizen: string, key: string): Promise<{ id: string }> {
    return await this.database.transaction(async (manager) => {
      const found = await manager.findOne(Slot, { where: { id: slot }, lock: { mode: 'pessimistic_write' } });
      if (!found) throw noSuchSlot();
      const before = await manager.findOneBy(Booking, { slot, citizen, key });
      if (before) return { id: before.id };
      if (!found.open) throw refused('closed');
      if (await manager.existsBy(Booking, { slot, citizen, active: true })) throw refused('already-booked');
      if (found.taken >= found.capacity) throw refused('full');
      const made = await manager.save(Booking, { slot, citizen, key });
      await manager.increment(Slot, { id: slot }, 'taken', 1);
      return { id: made.id };
    });
  }

  /** Nothing is locked between the look and the booking. */
  private async bookUnlocked(slot: string, citizen: string, key: string): Promise<{ id: string }> {
    return await this.database.transaction(async (manager) => {
      const found = await manager.findOneBy(Slot, { id: slot });
      if (!found) throw noSuchSlot();
      const before = await manager.findOneBy(Booking, { slot, citizen, key });
      if (before) return { id: before.id };
      if (!found.open) throw refused('closed');
      const held = await manager.findBy(Booking, { slot, active: true });
      if (held.some((each) => each.citizen === citizen)) throw refused('already-booked');
      if (held.length >= found.capacity) throw refused('full');
      const made = await manager.save(Booking, { slot, citizen, key });
      return { id: made.id };
    });
  }

  /** The counter is read, and written back by another statement. */
  private async bookByCounter(slot: string, citizen: string, key: string): Promise<{ id: string }> {
    const { manager } = this.database;
    const found = await manager.findOneBy(Slot, { id: slot });
    if (!found) throw noSuchSlot();
    const before = await manager.findOneBy(Booking, { slot, citizen, key });
    if (before) return { id: before.id };
    if (!found.open) throw refused('closed');
    if (await manager.existsBy(Booking, { slot, citizen, active: true })) throw refused('already-booked');
    if (found.taken >= found.capacity) throw refused('full');
    await manager.update(Slot, { id: slot }, { taken: found.taken + 1 });
    const { identifiers } = await manager.insert(Booking, { slot, citizen, key });
    return { id: identifiers[0]?.['id'] };
  }

  /** One statement looks and inserts, which two can do at the same time. */
  private async bookInOne(slot: string, citizen: string, key: string): Promise<{ id: string }> {
    const { manager } = this.database;
    const before = await manager.findOneBy(Booking, { slot, citizen, key });
    if (before) return { id: before.id };
    const [made] = await insertedWhereFree(manager, slot, citizen, key);
    if (made) return { id: made.id };
    const [found] = await manager.find(Slot, { where: { id: slot }, relations: { bookings: true } });
    if (!found) throw noSuchSlot();
    if (!found.open) throw refused('closed');
    const held = found.bookings.filter(({ active }) => active);
    if (held.some((each) => each.citizen === citizen)) throw refused('already-booked');
    if (held.length >= found.capacity) throw refused('full');
    return await this.bookInOne(slot, citizen, key);
  }
}

function insertedWhereFree(
  manager: EntityManager,
  slot: string,
  citizen: string,
  key: string,
): Promise<{ id: string }[]> {
  return manager.query(
    `insert into bookings (slot, citizen, key)
     select id, $2, $3 from slots
     where id = $1 and open
       and not exists (select 1 from bookings where slot = $1 and citizen = $2 and active)
       and (select count(*) from bookings where slot = $1 and active) < capacity
     returning id`,
    [slot, citizen, key],
  );
}
