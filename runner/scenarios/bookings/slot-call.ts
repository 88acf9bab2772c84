/** What is asked of one slot and answered, as the sequential model of `bookings` takes it. */

/** A call as far as it concerns one slot; `count` is the slot's row of a `list`. */
export type SlotCall =
  | { readonly operation: 'book'; readonly citizen: string; readonly key: string }
  | SlotCancel
  | { readonly operation: 'read' | 'count' | 'open' | 'close' };

/** Which of the two counts, and whether both do, is a rule. */
export interface SlotCancel {
  readonly operation: 'cancel';
  readonly booking: string;
  readonly citizen?: string;
}

export type SlotAnswer =
  | { readonly outcome: 'refused'; readonly reason: string }
  | {
      readonly outcome: 'ok';
      /** Of `book`: the id. */
      readonly booking?: string;
      /** Of `read` and `count`; what is left out is not looked at. */
      readonly open?: boolean;
      readonly capacity?: number;
      /** Of `read` the active bookings, all shown alike; of `count` their number. */
      readonly bookings?: readonly ShownBooking[] | number;
      /** Of `read` and `count`: the slot is not there at all. */
      readonly missing?: boolean;
    };

/** An active booking as a read shows it: its id, its citizen, or both. */
export interface ShownBooking {
  readonly id?: string;
  readonly citizen?: string;
}
