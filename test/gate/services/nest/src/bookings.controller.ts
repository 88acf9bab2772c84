/** `/bookings`: they are cancelled here. */
import { Controller, Delete, HttpCode, Param } from '@nestjs/common';
import { BookingService } from './booking.service.js';

@Controller('bookings')
export class BookingsController {
  constructor(private readonly booking: BookingService) {}

  @Delete(':id')
  @HttpCode(204)
  async cancel(@Param('id') id: string) {
    await this.booking.cancel(id);
  }
}
