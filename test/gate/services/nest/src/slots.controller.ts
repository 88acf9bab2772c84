/** `/slots`: they are made here, shown, opened and closed, and booked. */
import {
  BadRequestException,
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  Param,
  Patch,
  Post,
} from '@nestjs/common';
import { BookingService } from './booking.service.js';
import { SlotsService } from './slots.service.js';

@Controller('slots')
export class SlotsController {
  constructor(
    private readonly slots: SlotsService,
    private readonly booking: BookingService,
  ) {}

  @Post()
  async create(@Body() { id, capacity }: { id: string; capacity: number }) {
    await this.slots.create(id, capacity);
    return { id, capacity };
  }

  @Get()
  async list() {
    return await this.slots.list();
  }

  @Get(':id')
  async read(@Param('id') id: string) {
    return await this.slots.read(id);
  }

  @Patch(':id')
  @HttpCode(204)
  async setOpen(@Param('id') id: string, @Body('open') open: unknown) {
    if (typeof open !== 'boolean') throw new BadRequestException();
    await this.slots.setOpen(id, open);
  }

  @Post(':id/bookings')
  async book(
    @Param('id') slot: string,
    @Body('citizen') citizen: unknown,
    @Headers('idempotency-key') key?: string,
  ) {
    if (!key || typeof citizen !== 'string') throw new BadRequestException();
    const { id } = await this.booking.book(slot, citizen, key);
    return { id, slot, citizen };
  }
}
