/** The calls of `stays` as an adapter is asked for them: with the instants that their times mean. */
import { instantOf } from '../../../server/contract/zone.ts';
import type { House, SeriesCall, SeriesItem, StayCall } from './calls.ts';

const MINUTE_MS = 60_000;

/** `fromInstant` beside a `from`, `toInstant` beside a `to`: in UTC, such as `2026-10-25T00:30:00.000Z`. */
type WithInstants<Spanned> = Spanned &
  (Spanned extends { readonly from: string } ? { readonly fromInstant: string } : unknown) &
  (Spanned extends { readonly to: string } ? { readonly toInstant: string } : unknown);

type Asked<C> = C extends SeriesCall
  ? C & { readonly items: readonly WithInstants<SeriesItem>[] }
  : WithInstants<C>;

export type AskedStayCall = StayCall extends infer C ? (C extends StayCall ? Asked<C> : never) : never;

/** Many APIs know no zone, and take instants. */
export function askedStay(call: StayCall, { zone }: Pick<House, 'zone'>): AskedStayCall {
  const asked = withInstants(call, zone);
  if (call.operation !== 'series') return asked as AskedStayCall;
  return { ...call, items: call.items.map((item) => withInstants(item, zone)) } as AskedStayCall;
}

function withInstants(spanned: object, zone: string): object {
  const { from, to } = spanned as { from?: string; to?: string };
  return {
    ...spanned,
    ...(from === undefined ? {} : { fromInstant: instantText(zone, from) }),
    ...(to === undefined ? {} : { toInstant: instantText(zone, to) }),
  };
}

function instantText(zone: string, text: string): string {
  return new Date(instantOf(zone, text) * MINUTE_MS).toISOString();
}
