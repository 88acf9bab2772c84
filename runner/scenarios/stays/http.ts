/** The calls of `stays` as requests of the house contract, and its answers as replies. */
import type { z } from 'zod';
import type { AdapterCall, HttpAdapter, HttpRequest } from '../../public.ts';
import { contractReply, contractShown } from '../contract-reply.ts';
import { type Calendar, type House, STAY_OPERATIONS, type Stay, type StayCall } from './calls.ts';
import { type calendarSchema, calendarsSchema, HOUSE_CONTRACT, type staySchema } from './http-contract.ts';

const MINUTE_MS = 60_000;

export const houseOverHttp: HttpAdapter<StayCall, House> = {
  name: 'house',
  operations: STAY_OPERATIONS,
  rules: { keys: true },

  async reset({ zone, resources }, send) {
    const answer = await send({ method: 'POST', path: '/admin/reset', json: { zone, resources } });
    if (answer.status !== 204) throw new Error(`POST /admin/reset was answered ${answer.status}, not 204`);
  },

  request: requestOf,

  reply: (call, answer) =>
    contractReply(call.operation, HOUSE_CONTRACT.requests[entryOf(call.operation)], answer, (said) =>
      asKnown(call, said),
    ),

  async inspect(send) {
    return (await contractShown(send, '/resources', calendarsSchema)).map(calendarOf);
  },
};

function requestOf(call: AdapterCall<StayCall>): HttpRequest {
  switch (call.operation) {
    case 'book': {
      const { booking: id, unit, from, to } = call;
      const json = { id, from, to, ...(unit === null ? {} : { unit }) };
      return { method: 'POST', path: `${resourcePath(call)}/bookings`, json };
    }
    case 'series': {
      const bookings = call.items.map(({ booking: id, resource, from, to }) => ({ id, resource, from, to }));
      return { method: 'POST', path: '/series', json: { id: call.series, bookings } };
    }
    case 'move': {
      const { target: resource, from, to } = call;
      return { method: 'POST', path: `${bookingPath(call)}/move`, json: { resource, from, to } };
    }
    case 'extend':
    case 'shorten':
      return { method: 'PATCH', path: bookingPath(call), json: { to: call.to } };
    case 'cancel':
      return { method: 'DELETE', path: bookingPath(call) };
    case 'search': {
      const { from, to } = call;
      return { method: 'GET', path: `${resourcePath(call)}/free?${new URLSearchParams({ from, to })}` };
    }
    case 'read':
      return { method: 'GET', path: resourcePath(call) };
  }
}

function resourcePath({ resource }: { resource: string }): string {
  return `/resources/${encodeURIComponent(resource)}`;
}

function bookingPath(call: { resource: string; booking: string }): string {
  return `${resourcePath(call)}/bookings/${encodeURIComponent(call.booking)}`;
}

/** What of the contract the call is. */
function entryOf(operation: StayCall['operation']): keyof typeof HOUSE_CONTRACT.requests {
  return operation === 'extend' || operation === 'shorten' ? 'resize' : operation;
}

/** What was shown, with times as the model knows them. */
function asKnown({ operation }: StayCall, value: unknown): Record<string, unknown> {
  if (operation === 'read') return { ...calendarOf(value as z.output<typeof calendarSchema>) };
  return (value ?? {}) as Record<string, unknown>;
}

function calendarOf({ bookings, ...resource }: z.output<typeof calendarSchema>): Calendar {
  return { ...resource, bookings: bookings.map(stayOf) };
}

function stayOf({ id, unit, from, to }: z.output<typeof staySchema>): Stay {
  return { id, unit, from: Date.parse(from) / MINUTE_MS, to: Date.parse(to) / MINUTE_MS };
}
