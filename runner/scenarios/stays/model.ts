/** The sequential model of one resource: which answers are right, and what each call changes. */
import { rangeText } from '../../../server/contract/index.ts';
import type { SequentialModel } from '../../public.ts';
import type { House } from './calls.ts';
import { hopeless } from './feasibility.ts';
import { changes, observes, relevant } from './relevance.ts';
import {
  freeUnits,
  given,
  hasWay,
  isEmpty,
  isResizable,
  isSame,
  madeBy,
  type ResourceAnswer,
  type ResourceCall,
  type ResourceState,
  stayOf,
  waysOf,
  withoutMade,
} from './resource.ts';

export type StayModel = SequentialModel<ResourceState, ResourceCall, ResourceAnswer>;

/** `zone` is that of the words for people. */
export function stayModel(zone: string): StayModel {
  return {
    initial(object, world) {
      const resource = (world as House).resources.find(({ id }) => id === object);
      if (!resource) throw new Error(`The house has no resource ${JSON.stringify(object)}.`);
      return { units: resource.units, buffer: resource.buffer, stays: [], made: [] };
    },

    apply(state, call, answer) {
      if (answer.outcome === 'refused') return refusalsOf(state, call).includes(answer.reason) ? state : null;
      if (call.operation === 'read') return shows(answer, state) ? state : null;
      const units = answer.units ?? [];
      if (call.operation === 'search')
        return !isEmpty(call) && units.join() === freeUnits(state, call).join() ? state : null;
      const made = call.operation === 'take' ? madeBy(state, call.takes) : null;
      if (made !== null) return made === units.join() ? state : null;
      return given(state, call, units);
    },

    effects: (state, call) =>
      waysOf(state, call).map(({ state: after, units }) => ({ state: after, outcome: units.join() })),

    confirm: (state, _call, outcome, answer) =>
      answer.outcome === 'ok' && (answer.units ?? []).join() === outcome ? state : null,

    key(state) {
      let text = keys.get(state);
      if (text === undefined) {
        text = keyOf(state);
        keys.set(state, text);
      }
      return text;
    },

    describe(state, call) {
      if (call.operation === 'read') return [calendarText(zone, state)];
      if (call.operation === 'search' && !isEmpty(call))
        return [`free: ${freeUnits(state, call).join(', ') || 'none'}`];
      const made = call.operation === 'take' ? madeBy(state, call.takes) : null;
      if (made !== null) return [`ok with ${made}, as it was made already`];
      const refusals = refusalsOf(state, call).map((reason) => `refused: ${reason}`);
      return refusals.length > 0 ? refusals : waysOf(state, call).map(({ units }) => okText(units));
    },

    hopeless,
    relevant,
    observes,
    changes,

    spent: (state, call) =>
      call.operation === 'read' ||
      call.operation === 'search' ||
      (call.operation === 'take' && madeBy(state, call.takes) !== null),

    forget(state, what) {
      const call = what as ResourceCall;
      return call.operation === 'take' ? withoutMade(state, call.takes) : state;
    },

    settled(call, answer) {
      if (call.operation !== 'read' || answer.outcome !== 'ok' || !answer.calendar) return null;
      const { units, buffer, bookings } = answer.calendar;
      return { units, buffer, stays: bookings, made: [] };
    },
  };
}

/** Of states, which are asked for again and again. */
const keys = new WeakMap<ResourceState, string>();

function keyOf({ stays, made }: ResourceState): string {
  const taken = stays.map(({ id, unit, from, to }) => `${id} ${unit} ${from} ${to}`);
  return `${taken.join()}|${made.map(({ ids, units }) => `${ids} ${units}`).join(';')}`;
}

/** Every reason for which the call may be refused; none when it has to be done. */
function refusalsOf(state: ResourceState, call: ResourceCall): string[] {
  const reasons: string[] = [];
  if (call.operation === 'read') return reasons;
  if (call.operation === 'search') return isEmpty(call) ? ['empty-range'] : reasons;
  if (call.operation === 'take') {
    if (madeBy(state, call.takes) !== null) return reasons;
    if (call.takes.some(isEmpty)) reasons.push('empty-range');
    else if (!hasWay(state, call)) reasons.push('taken');
    return reasons;
  }
  const stay = stayOf(state, call.id);
  if (call.operation !== 'enter' && !stay) reasons.push('no-such-booking');
  if (call.operation === 'leave') return reasons;
  if (call.operation === 'resize') {
    if (stay && call.to <= stay.from) reasons.push('empty-range');
    else if (stay && !isResizable(state, stay, call.to)) reasons.push('taken');
    return reasons;
  }
  if (isEmpty(call)) reasons.push('empty-range');
  else if (freeUnits(state, call, call.id).length === 0) reasons.push('taken');
  return reasons;
}

function shows(answer: ResourceAnswer, { units, buffer, stays }: ResourceState): boolean {
  if (answer.outcome !== 'ok' || !answer.calendar) return false;
  const { units: count, buffer: apart, bookings } = answer.calendar;
  if (count !== units || apart !== buffer || bookings.length !== stays.length) return false;
  return stays.every((stay, i) => stay.id === bookings[i]?.id && isSame(stay, bookings[i]));
}

function calendarText(zone: string, { units, buffer, stays }: ResourceState): string {
  const rows = stays.map((stay) => `${stay.id} at unit ${stay.unit} ${rangeText(zone, stay)}`);
  return [`${units} units ${buffer} minutes apart`, ...rows].join(', ');
}

function okText(units: readonly number[]): string {
  return units.length === 0 ? 'ok' : `ok with unit ${units.join(', ')}`;
}
