/** What happened in one execution behind the gate, line by line, to be compared with another execution of its seed. */
import { createHash } from 'node:crypto';
import type { WireLine } from '../../../server/contract/index.ts';
import { withoutLiterals } from '../../service/without-literals.ts';
import { Renaming } from './renaming.ts';

export type LineKind = TraceLine['kind'];

/** Whose line it is: the number of a request, or the service's own doings. */
export type LineOwner = TraceLine['owner'];

export type TraceLine = Readonly<WireLine>;

/** Lines beyond are counted in the hash alone. */
const MOST_LINES = 20_000;
const MOST_CHARACTERS = 1_000;

export class WireTrace {
  readonly lines: TraceLine[] = [];
  readonly renaming = new Renaming();
  readonly #hash = createHash('sha256');
  #count = 0;
  #isOver = false;

  /** All lines, also those that were not kept. */
  get count(): number {
    return this.#count;
  }

  /** Over all lines so far, as hexadecimal digits. */
  get hash(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Nothing that happens from now on belongs to it. */
  end(): void {
    this.#isOver = true;
  }

  add(kind: LineKind, owner: LineOwner, text: string, values: Values = []): void {
    if (this.#isOver) return;
    const line = {
      kind,
      owner,
      text: this.renaming.text(text.replace(/\s+/g, ' ').trim()),
      values: this.#valuesText(values),
    };
    this.#count++;
    this.#hash.update(`${shown(line)}\n`);
    if (this.lines.length < MOST_LINES) this.lines.push(shortened(line));
  }

  #valuesText(values: Values): string {
    if (typeof values === 'string') return this.renaming.text(values);
    return values.map((value) => this.renaming.value(value)).join(', ');
  }
}

type Values = string | readonly (string | null)[];

/** A line as people see it. `values` false: values are left out. */
export function shown({ kind, owner, text, values }: TraceLine, withValues = true): string {
  const who = owner === 'background' ? 'the service itself' : `request ${owner}`;
  const told = values === '' ? '' : withValues ? ` [${values}]` : ' […]';
  const words = !withValues && kind === 'statement' ? withoutLiterals(text) : text;
  return `${who}: ${MARKS[kind]}${words}${told}`;
}

const MARKS: Readonly<Record<LineKind, string>> = {
  request: '',
  statement: '> ',
  rows: '< ',
  lock: '',
  answer: '= ',
  notification: '! ',
  quiet: '',
};

function shortened(line: TraceLine): TraceLine {
  const isShort = line.text.length <= MOST_CHARACTERS && line.values.length <= MOST_CHARACTERS;
  return isShort ? line : { ...line, text: cut(line.text), values: cut(line.values) };
}

/** With a hash of what is left out, so that a difference there is one still. */
function cut(text: string): string {
  if (text.length <= MOST_CHARACTERS) return text;
  const rest = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return `${text.slice(0, MOST_CHARACTERS)}… (${text.length} characters, ${rest})`;
}
