/** What an adapter of `simcity init` is for. */
export interface KindOfAdapter {
  readonly name: string;
  readonly what: string;
  /** The scenario that it is for; left out: bookings. */
  readonly scenario?: string;
}

/** The kinds of HTTP APIs that `simcity init` has an adapter for, the nearest to start from. */
export const ADAPTER_KINDS = [
  { name: 'keyless', what: 'JSON, ids that the service assigns, no idempotency keys' },
  { name: 'accounts', what: 'people register or log in, and send a token' },
  { name: 'holds', what: 'a booking is held first, then confirmed or paid for' },
  { name: 'caldav', what: 'a calendar: PUT with If-None-Match, DELETE with If-Match' },
  { name: 'keys', what: 'JSON with idempotency keys, slots that can be closed' },
  { name: 'stays', what: 'rooms or things that are taken for ranges of time', scenario: 'stays' },
  {
    name: 'tickets',
    what: 'orders of seats that are held for a while and paid by a webhook',
    scenario: 'tickets',
  },
] as const satisfies readonly KindOfAdapter[];
export type AdapterKind = (typeof ADAPTER_KINDS)[number]['name'];
