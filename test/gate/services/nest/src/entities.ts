/** The tables of the box office, which TypeORM makes. */
import {
  Column,
  CreateDateColumn,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  PrimaryGeneratedColumn,
} from 'typeorm';

@Entity('slots')
export class Slot {
  @PrimaryColumn('text')
  id: string;

  @Column('int')
  capacity: number;

  @Column({ type: 'boolean', default: true })
  open: boolean;

  @Column({ type: 'int', default: 0 })
  taken: number;

  @OneToMany(
    () => Booking,
    (booking) => booking.of,
  )
  bookings: Booking[];
}

@Entity('bookings')
export class Booking {
  @PrimaryGeneratedColumn('uuid')
  id: string;

  @ManyToOne(
    () => Slot,
    (slot) => slot.bookings,
  )
  @JoinColumn({ name: 'slot' })
  of: Slot;

  @Index()
  @Column('text')
  slot: string;

  @Column('text')
  citizen: string;

  @Column('text')
  key: string;

  @Column({ type: 'boolean', default: true })
  active: boolean;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;
}
