/** What is asked of one slot and answered, as the sequential model of `bookings` takes it. */

/** A call as far as it concerns one slot; `count` is the slot's row of a `list`. */
export type SlotCall =
  | { readonly operation: 'book'; readonly citizen: string; readonly key: string }
  | { readonly operation: 'cancel'; readonly booking: string }
  | { readonly operation: 'read' | 'count' | 'open' | 'close' };

export type SlotAnswer =
  | { readonly outcome: 'refused'; readonly reason: string }
  | {
      readonly outcome: 'ok';
      /** Of `book`: the id. */
      readonly booking?: string;
      /** Of `cancel`: the service says the same when the booking was over before. */
      readonly again?: boolean;
      /** Of `read` and `count`. */
      readonly open?: boolean;
      readonly capacity?: number;
      /** Of `read` the active bookings, of `count` their number. */
      readonly bookings?: readonly { readonly id: string; readonly citizen: string }[] | number;
    };
