/** The calls of the `stays` domain, and the resources that they are about. */
import type { Range } from '../../../server/contract/zone.ts';
import type { Call } from '../../service/call.ts';

export type { Range };

/**
 * From `from` up to, and without, `to`: days as `2026-10-24`, from their midnight on, or times of the wall clock as
 * `2026-10-25T02:30`, both in the zone of the world. Of a time that exists twice the first is meant; one that does not
 * exist is as much later as the clock is put forward.
 */
export interface Span {
  readonly from: string;
  readonly to: string;
}

/** A citizen names the booking, so that a repeat of the request is known by it. */
export interface BookCall extends Call, Span {
  readonly operation: 'book';
  readonly booking: string;
  readonly resource: string;
  /** From 1; null: any. */
  readonly unit: number | null;
}

/** Several bookings, all or none; each is named after the series. */
export interface SeriesCall extends Call {
  readonly operation: 'series';
  readonly series: string;
  readonly items: readonly SeriesItem[];
}

export interface SeriesItem extends Span {
  readonly booking: string;
  readonly resource: string;
}

/** A booking gets another time at any unit of `target`, which may be the resource where it is. */
export interface MoveCall extends Call, Span {
  readonly operation: 'move';
  readonly booking: string;
  readonly resource: string;
  readonly target: string;
}

/** A booking gets another end at its unit. */
export interface ResizeCall extends Call {
  readonly operation: 'extend' | 'shorten';
  readonly booking: string;
  readonly resource: string;
  readonly to: string;
}

export interface CancelCall extends Call {
  readonly operation: 'cancel';
  readonly booking: string;
  readonly resource: string;
}

/** Which units are free all the time. */
export interface SearchCall extends Call, Span {
  readonly operation: 'search';
  readonly resource: string;
}

/** All bookings of a resource. */
export interface ReadCall extends Call {
  readonly operation: 'read';
  readonly resource: string;
}

export type StayCall = BookCall | SeriesCall | MoveCall | ResizeCall | CancelCall | SearchCall | ReadCall;

export const STAY_OPERATIONS = [
  'book',
  'series',
  'move',
  'extend',
  'shorten',
  'cancel',
  'search',
  'read',
] as const;

export interface Resource {
  readonly id: string;
  readonly units: number;
  /** Minutes that a unit stays free between two bookings. */
  readonly buffer: number;
}

export interface House {
  /** Of the IANA's database, such as `Europe/Berlin`. */
  readonly zone: string;
  readonly resources: readonly Resource[];
  [extra: string]: unknown;
}

/** A booking as a service shows it. */
export interface Stay extends Range {
  readonly id: string;
  readonly unit: number;
}

/** A resource as a service shows it. */
export interface Calendar extends Resource {
  readonly bookings: readonly Stay[];
}
