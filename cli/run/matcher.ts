/** Which events a filter or a search means: `slot:003 type:book.ok by:017 op:12` and free text, all at once. */
import type { RunEvent } from '../../server/contract/index.ts';

export interface Matcher {
  /** As it was typed. */
  readonly text: string;
  readonly terms: readonly Term[];
}

interface Term {
  field: Field | 'any';
  /** In lower case. */
  value: string;
}

export const FIELDS = ['slot', 'by', 'type', 'op'] as const;
type Field = (typeof FIELDS)[number];

/** Null for a text that says nothing. */
export function parseMatcher(text: string): Matcher | null {
  const words = text.trim().split(/\s+/).filter(Boolean);
  if (words.length === 0) return null;
  const terms = words.map((word): Term => {
    const [, name, value] = /^(slot|by|type|op):(.*)$/i.exec(word) ?? [];
    if (name === undefined || value === undefined) return { field: 'any', value: word.toLowerCase() };
    return { field: name.toLowerCase() as Field, value: value.toLowerCase() };
  });
  return { text: words.join(' '), terms };
}

/** Faults and violations: what the scrubber jumps between. */
export const INCIDENTS: Matcher = { text: 'faults and violations', terms: [] };

export function matches(matcher: Matcher, event: RunEvent): boolean {
  if (matcher === INCIDENTS) return event.type === 'fault' || event.type === 'violation';
  return matcher.terms.every((term) => matchesTerm(term, event));
}

function matchesTerm({ field, value }: Term, event: RunEvent): boolean {
  switch (field) {
    case 'slot':
      return String(event.data['slot'] ?? '')
        .toLowerCase()
        .includes(value);
    case 'by':
      return event.actor.toLowerCase().includes(value);
    case 'type':
      return event.type.toLowerCase().includes(value);
    case 'op':
      return String(event.data['op'] ?? '') === value;
    case 'any':
      return searchText(event).includes(value);
  }
}

function searchText(event: RunEvent): string {
  return `${event.index} ${event.type} ${event.actor} ${JSON.stringify(event.data)}`.toLowerCase();
}

/** What an event's like are: those of its citizen, its slot, its operation, its type. */
export type Likeness = 'citizen' | 'slot' | 'operation' | 'type';

/** The filter that leaves only the like of `event`; null: it has none. */
export function likeText({ actor, type, data }: RunEvent, likeness: Likeness): string | null {
  switch (likeness) {
    case 'citizen':
      return `by:${actor}`;
    case 'type':
      return `type:${type}`;
    case 'slot':
      return fieldText('slot', data['slot']);
    case 'operation':
      return fieldText('op', data['op']);
  }
}

function fieldText(name: Field, value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' ? `${name}:${value}` : null;
}

/** What is said when no event that way matches; `other`: the key that looks the other way. */
export function nothingWords({ text }: Matcher, step: 1 | -1, other: string): string {
  const [when, way] = step === 1 ? ['later', 'back'] : ['earlier', 'on'];
  return `No ${when} event matches ${text}; ${other} looks ${way}.`;
}
