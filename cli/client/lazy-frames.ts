/**
 * Frames of a flood, of which only a few are ever shown: of the completion or invocation of an operation and
 * of a snapshot only the beginning is read, and the rest when somebody looks at it. Reading and validating
 * each of 10,000 events a second takes more of a core than everything else that mission control does.
 */
import { frameSchemas, type RunEvent, type Snapshot } from '../../server/contract/index.ts';

/** The fields in the order in which servers write them. What looks different is read whole. */
const EVENT =
  /^\{"index":(\d{1,15}),"at":"[^"\\]{20,40}","virtualMs":(\d+(?:\.\d+)?),"type":"([a-z-]{1,40}\.(?:invoke|ok|refused|unknown))","actor":"/;
const SNAPSHOT = /^\{"index":(\d{1,15}),"at":"[^"\\]{20,40}","metrics":\{/;

/** An event of an operation; null for another one, which has to be read whole. */
export function lazyEvent(text: string): RunEvent | null {
  const match = EVENT.exec(text);
  return match === null ? null : new LazyEvent(Number(match[1]), Number(match[2]), match[3] ?? '', text);
}

/** A snapshot; null for one that has to be read whole. */
export function lazySnapshot(text: string): Snapshot | null {
  const match = SNAPSHOT.exec(text);
  return match === null ? null : new LazySnapshot(Number(match[1]), text);
}

class LazyEvent implements RunEvent {
  readonly index: number;
  readonly virtualMs: number;
  readonly type: string;
  #text: string;
  #whole: RunEvent | null = null;

  constructor(index: number, virtualMs: number, type: string, text: string) {
    this.index = index;
    this.virtualMs = virtualMs;
    this.type = type;
    this.#text = text;
  }

  get at(): string {
    return this.#read().at;
  }

  get actor(): string {
    return this.#read().actor;
  }

  get data(): RunEvent['data'] {
    return this.#read().data;
  }

  /** What does not read as an event after all is shown as one that says so. */
  #read(): RunEvent {
    if (this.#whole !== null) return this.#whole;
    const { index, virtualMs, type } = this;
    const unreadable = { index, virtualMs, type, at: '', actor: '?', data: { cause: 'unreadable' } };
    this.#whole = (parsed('event', this.#text) as RunEvent | null) ?? unreadable;
    this.#text = '';
    return this.#whole;
  }
}

class LazySnapshot implements Snapshot {
  readonly index: number;
  #text: string;
  #whole: Snapshot | null = null;

  constructor(index: number, text: string) {
    this.index = index;
    this.#text = text;
  }

  get at(): string {
    return this.#read().at;
  }

  get metrics(): Snapshot['metrics'] {
    return this.#read().metrics;
  }

  #read(): Snapshot {
    this.#whole ??= (parsed('snapshot', this.#text) as Snapshot | null) ?? {
      index: this.index,
      at: '',
      metrics: {},
    };
    this.#text = '';
    return this.#whole;
  }
}

function parsed(kind: 'event' | 'snapshot', text: string): unknown {
  try {
    const read = frameSchemas[kind].safeParse(JSON.parse(text));
    return read.success ? read.data : null;
  } catch {
    return null;
  }
}
