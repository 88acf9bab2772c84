/** Puts the messages of one client together to groups, each with what it executes. */

import type { BoundValues } from '../statements.ts';
import type { Expected } from './answer.ts';
import { FLUSH } from './protocol/compose.ts';
import { type Message, ProtocolViolation } from './protocol/framing.ts';
import {
  type Bind,
  type Parse,
  readBind,
  readExecute,
  readFunctionCall,
  readNamed,
  readParse,
  readQuery,
} from './protocol/frontend.ts';
import { Spool } from './protocol/spool.ts';
import type { Group, StatementText } from './wire.ts';

/** What a group asks of the server. */
export interface Request {
  readonly kind: Group['kind'];
  readonly bytes: Spool;
  readonly expected: readonly Expected[];
  readonly statements: readonly StatementText[];
  /** Texts that it prepares. */
  readonly parsed: readonly string[];
  /** Names under which it prepares. */
  readonly named: readonly string[];
}

interface Portal {
  readonly statement: StatementText;
  readonly formats: readonly number[];
}

/** A group that has no end does not grow for ever, in bytes. */
const GROUP_LIMIT = 512 * 1024 * 1024;
/** Names that a client never closes are forgotten, the oldest first; then a text is not known, and no harm is done. */
const MOST_NAMES = 10_000;
const NOT_KNOWN = '(statement prepared elsewhere)';

/** The part of a group that is here already. */
class Draft {
  readonly bytes = new Spool();
  readonly expected: Expected[] = [];
  readonly statements: StatementText[] = [];
  readonly parsed: string[] = [];
  readonly named: string[] = [];

  closed(kind: Group['kind']): Request {
    const { bytes, expected, statements, parsed, named } = this;
    return { kind, bytes, expected, statements, parsed, named };
  }
}

/** A text that is sent as it is, and answered as text. */
const NOTHING: BoundValues = { types: [], formats: [], values: [], resultFormats: [] };

function boundTo({ text, types }: Pick<Parse, 'text' | 'types'>, bind: Bind): StatementText {
  const { values, raw, formats, resultFormats } = bind;
  return { text, values, bound: { types, formats, values: raw, resultFormats } };
}

export class Grouping {
  readonly #statements = new Map<string, Pick<Parse, 'text' | 'types'>>();
  readonly #portals = new Map<string, Portal>();
  #draft = new Draft();

  /** Messages are here that belong to a group without an end so far. */
  get isInside(): boolean {
    return this.#draft.bytes.size > 0;
  }

  /** The groups that end with this message: one or none, and two for a Query in the middle of a pipeline. */
  take(message: Message): Request[] {
    const { type, bytes } = message;
    const isSimple = type === 'Q' || type === 'F';
    // Such a client waits for two answers of different ends; a Flush between them changes no byte of them.
    const before = isSimple && this.isInside ? [this.#close(FLUSH, 'flush')] : [];
    if (this.#draft.bytes.size + bytes.length > GROUP_LIMIT) {
      throw new ProtocolViolation(`a group of messages is larger than ${GROUP_LIMIT} bytes`);
    }
    switch (type) {
      case 'Q':
        this.#draft.statements.push({ text: readQuery(bytes), values: [], bound: NOTHING });
        return [...before, this.#close(bytes, 'query')];
      case 'F':
        this.#draft.statements.push(readFunctionCall(bytes));
        return [...before, this.#close(bytes, 'function')];
      case 'S':
        return [this.#close(bytes, 'sync')];
      case 'H':
        return [this.#close(bytes, 'flush')];
      default:
        this.#add(type, bytes);
        return [];
    }
  }

  #close(bytes: Buffer, kind: Group['kind']): Request {
    this.#draft.bytes.push(bytes);
    const request = this.#draft.closed(kind);
    this.#draft = new Draft();
    return request;
  }

  #add(type: string, bytes: Buffer): void {
    const draft = this.#draft;
    draft.bytes.push(bytes);
    switch (type) {
      case 'P': {
        const { name, text, types } = readParse(bytes);
        remember(this.#statements, name, { text, types });
        draft.parsed.push(text);
        if (name !== '') draft.named.push(name);
        draft.expected.push({ type });
        break;
      }
      case 'B': {
        const bind = readBind(bytes);
        const parsed = this.#statements.get(bind.statement);
        remember(this.#portals, bind.portal, {
          statement: parsed ? boundTo(parsed, bind) : { text: NOT_KNOWN, values: bind.values },
          formats: bind.resultFormats,
        });
        draft.expected.push({ type });
        break;
      }
      case 'E': {
        const portal = this.#portals.get(readExecute(bytes));
        draft.statements.push(portal?.statement ?? { text: NOT_KNOWN, values: [] });
        draft.expected.push({ type, formats: portal?.formats ?? [] });
        break;
      }
      case 'C': {
        const { what, name } = readNamed(bytes);
        (what === 'S' ? this.#statements : this.#portals).delete(name);
        draft.expected.push({ type });
        break;
      }
      case 'D':
        draft.expected.push({ type });
        break;
    }
  }
}

function remember<T>(names: Map<string, T>, name: string, value: T): void {
  names.delete(name);
  names.set(name, value);
  const oldest = names.size > MOST_NAMES ? names.keys().next().value : undefined;
  if (oldest !== undefined) names.delete(oldest);
}
