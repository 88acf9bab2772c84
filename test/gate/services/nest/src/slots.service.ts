/** Slots as people see them; making, opening and closing them. */
import { Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { Slot } from './entities.js';

const noSuchSlot = () => new NotFoundException({ error: 'no-such-slot' });

@Injectable()
export class SlotsService {
  constructor(@InjectRepository(Slot) private readonly slots: Repository<Slot>) {}

  async create(id: string, capacity: number): Promise<void> {
    await this.slots.insert({ id, capacity });
  }

  async list(): Promise<unknown[]> {
    const rows = await this.slots
      .createQueryBuilder('slot')
      .leftJoin('slot.bookings', 'booking', 'booking.active')
      .select('slot.id', 'id')
      .addSelect('slot.capacity', 'capacity')
      .addSelect('slot.open', 'open')
      .addSelect('count(booking.id)', 'bookings')
      .groupBy('slot.id')
      .orderBy('slot.id')
      .getRawMany<{ bookings: string }>();
    return rows.map((row) => ({ ...row, bookings: Number(row.bookings) }));
  }

  async read(id: string): Promise<unknown> {
    const slot = await this.slots
      .createQueryBuilder('slot')
      .leftJoinAndSelect('slot.bookings', 'booking', 'booking.active')
      .where('slot.id = :id', { id })
      .orderBy('booking.createdAt')
      .addOrderBy('booking.id')
      .getOne();
    if (!slot) throw noSuchSlot();
    const { capacity, open, bookings } = slot;
    return {
      id,
      capacity,
      open,
      bookings: bookings.map((each) => ({ id: each.id, slot: id, citizen: each.citizen })),
    };
  }

  async setOpen(id: string, open: boolean): Promise<void> {
    const { affected } = await this.slots.update({ id }, { open });
    if (!affected) throw noSuchSlot();
  }
}
