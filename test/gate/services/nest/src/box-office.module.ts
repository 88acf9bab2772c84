/** Slots and their bookings. */
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { BookingService } from './booking.service.js';
import { BookingsController } from './bookings.controller.js';
import { Booking, Slot } from './entities.js';
import { SlotsController } from './slots.controller.js';
import { SlotsService } from './slots.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Slot, Booking])],
  controllers: [SlotsController, BookingsController],
  providers: [SlotsService, BookingService],
})
export class BoxOfficeModule {}
