/** Calls and answers of `stays` as what they are to each resource. */
import type { JsonObject, ModelPart, Reply } from '../../public.ts';
import type { Calendar, Range, SeriesCall, Stay, StayCall } from './calls.ts';
import type { ResourceAnswer, ResourceCall, Take } from './resource.ts';

/** `instantOf` says what is meant by a day or a time. */
export function partsOf(call: StayCall, instantOf: (text: string) => number): ModelPart[] {
  const range = ({ from, to }: { from: string; to: string }): Range => ({
    from: instantOf(from),
    to: instantOf(to),
  });
  const part = (object: string, asked: ResourceCall, tied = false): ModelPart => ({
    object,
    call: asked,
    ...(tied ? { tied } : {}),
  });
  switch (call.operation) {
    case 'book': {
      const takes = [{ id: call.booking, unit: call.unit, ...range(call) }];
      return [part(call.resource, { operation: 'take', takes })];
    }
    case 'series': {
      const byResource = resourcesOf(call);
      return byResource.map((resource) => {
        const items = call.items.filter((item) => item.resource === resource);
        const takes = items.map((item): Take => ({ id: item.booking, unit: null, ...range(item) }));
        return part(resource, { operation: 'take', takes }, byResource.length > 1);
      });
    }
    case 'move': {
      const { booking: id, resource, target } = call;
      if (target === resource) return [part(resource, { operation: 'move', id, ...range(call) })];
      return [
        part(resource, { operation: 'leave', id }, true),
        part(target, { operation: 'enter', id, ...range(call) }, true),
      ];
    }
    case 'extend':
    case 'shorten':
      return [part(call.resource, { operation: 'resize', id: call.booking, to: instantOf(call.to) })];
    case 'cancel':
      return [part(call.resource, { operation: 'leave', id: call.booking })];
    case 'search':
      return [part(call.resource, { operation: 'search', ...range(call) })];
    case 'read':
      return [part(call.resource, { operation: 'read' })];
  }
}

/** The answers to these parts, in their order. */
export function answersOf(call: StayCall, parts: readonly ModelPart[], reply: Reply): ResourceAnswer[] {
  if (reply.outcome === 'failed') return [];
  if (reply.outcome === 'refused') return parts.map(() => reply);
  const { value } = reply;
  switch (call.operation) {
    case 'read':
      return [{ outcome: 'ok', calendar: calendarIn(call.resource, value) }];
    case 'search':
      return [{ outcome: 'ok', units: numbersIn(value['units']).sort((a, b) => a - b) }];
    case 'series': {
      const units = numbersIn(value['units']);
      return parts.map(({ object }) => ({
        outcome: 'ok',
        units: units.filter((_, i) => call.items[i]?.resource === object),
      }));
    }
    case 'book':
    case 'move':
      return parts.map(({ call: asked }) => {
        const isLeft = (asked as ResourceCall).operation === 'leave';
        return isLeft ? { outcome: 'ok' } : { outcome: 'ok', units: [Number(value['unit'])] };
      });
    default:
      return parts.map(() => ({ outcome: 'ok' }));
  }
}

/** What a read or an audit shows of a resource, in whichever order; its bookings by id. */
export function calendarIn(id: string, value: JsonObject): Calendar {
  const { units, buffer } = value;
  const bookings = ((value['bookings'] ?? []) as readonly Stay[]).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return { id, units: Number(units), buffer: Number(buffer), bookings };
}

/** In the order in which they come. */
function resourcesOf({ items }: SeriesCall): string[] {
  return [...new Set(items.map(({ resource }) => resource))];
}

function numbersIn(value: unknown): number[] {
  return Array.isArray(value) ? value.map(Number) : [];
}
