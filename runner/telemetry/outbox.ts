/** The bounded buffer of a sink: encoded events and snapshots in order, until they are acknowledged. */
import type { RunEvent, Snapshot } from '../../server/contract/index.ts';
import { storableJson } from './storable.ts';

interface Item {
  kind: 'event' | 'snapshot' | 'end';
  index: number;
  /** Encoded once, when it is taken; every retry sends the same text. */
  json: string;
}

/** What goes out in one request. */
export interface OutboxBatch {
  /** How many items it holds; `acknowledge(count)` lets go of them. */
  count: number;
  events: string;
  snapshots: string;
  firstEvent: number | null;
  lastEvent: number | null;
  firstSnapshot: number | null;
}

export interface OutboxLimits {
  /** Items held at most before callers are told to wait. */
  items: number;
  /** UTF-16 code units of JSON held at most, likewise. */
  characters: number;
}

// A consumed head is cut off when it has grown to this many items, so that taking stays O(1) on average.
const COMPACT_AFTER = 4_096;

export class Outbox {
  readonly #limits: OutboxLimits;
  readonly #clean: (json: string) => string;
  #items: Item[] = [];
  #head = 0;
  #characters = 0;
  /** Set from the `end` event until the report of the end has come. */
  #endHeld = false;
  /** The `end` event and what came after it. */
  #held = 0;

  /** `clean` takes out of the JSON of each item what must not be stored. */
  constructor(limits: OutboxLimits, clean: (json: string) => string = (json) => json) {
    this.#limits = limits;
    this.#clean = clean;
  }

  /** Items held, sent or not. */
  get size(): number {
    return this.#items.length - this.#head;
  }

  /** Items that may be sent now. */
  get sendable(): number {
    return this.size - this.#held;
  }

  /** True when callers must wait. */
  get full(): boolean {
    return this.size >= this.#limits.items || this.#characters >= this.#limits.characters;
  }

  /** True when callers that waited may go on: half empty, so that they do not wake for every batch. */
  get roomy(): boolean {
    return this.size <= this.#limits.items / 2 && this.#characters <= this.#limits.characters / 2;
  }

  addEvent(event: RunEvent): void {
    const isEnd = event.type === 'end';
    if (isEnd) this.#endHeld = true;
    this.#add(isEnd ? 'end' : 'event', event.index, event);
  }

  addSnapshot(snapshot: Snapshot): void {
    this.#add('snapshot', snapshot.index, snapshot);
  }

  /** Lets the `end` event go, now that the report of the end can go with it. */
  releaseEnd(): void {
    this.#endHeld = false;
    this.#held = 0;
  }

  /**
   * The oldest items, at most `maxItems` and (but for a single larger one) `maxCharacters`. They stay held.
   * The `end` event brings all that follows it, whatever the limits: the history ends in one batch.
   */
  peek(maxItems: number, maxCharacters: number): OutboxBatch {
    const events: string[] = [];
    const snapshots: string[] = [];
    let available = Math.min(maxItems, this.sendable);
    let ending = false;
    let firstEvent: number | null = null;
    let lastEvent: number | null = null;
    let firstSnapshot: number | null = null;
    let characters = 0;
    let count = 0;
    while (count < available) {
      const item = this.#items[this.#head + count];
      if (!item || (!ending && count > 0 && characters + item.json.length > maxCharacters)) break;
      if (item.kind === 'end') {
        ending = true;
        available = this.sendable;
      }
      if (item.kind !== 'snapshot') {
        firstEvent ??= item.index;
        lastEvent = item.index;
        events.push(item.json);
      } else {
        firstSnapshot ??= item.index;
        snapshots.push(item.json);
      }
      characters += item.json.length + 1;
      count += 1;
    }
    return {
      count,
      events: events.join(','),
      snapshots: snapshots.join(','),
      firstEvent,
      lastEvent,
      firstSnapshot,
    };
  }

  /** Lets go of the oldest `count` items: they are committed. */
  acknowledge(count: number): void {
    for (let offset = 0; offset < count; offset += 1) {
      this.#characters -= this.#items[this.#head + offset]?.json.length ?? 0;
    }
    this.#head += count;
    if (this.#head >= COMPACT_AFTER || this.#head === this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
  }

  #add(kind: Item['kind'], index: number, value: RunEvent | Snapshot): void {
    const json = this.#clean(storableJson(JSON.stringify(value)));
    this.#items.push({ kind, index, json });
    this.#characters += json.length;
    if (this.#endHeld) this.#held += 1;
  }
}
