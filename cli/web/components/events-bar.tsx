/** Over the list of events: the filter, the search, the way to an event by its number, to faults and to the newest. */
import { useEffect, useRef } from 'preact/hooks';
import { INCIDENTS, parseMatcher } from '../../run/matcher.ts';
import type { EventsPlace } from '../state/events-place.ts';
import type { RunRoute } from '../state/route.ts';

interface EventsBarProps {
  place: EventsPlace;
  route: RunRoute;
  onFollow: () => void;
}

export function EventsBar({ place, route, onFollow }: EventsBarProps) {
  const { newest, choose, seek, setFilter, setSearch } = place;
  const search = parseMatcher(route.search ?? '');
  return (
    <section class="panel events-bar" aria-label="Filter and search">
      <Field
        {...{ name: 'filter', label: 'Filter', title: 'f', value: route.filter ?? '', onDone: setFilter }}
        placeholder="slot:003 by:017 type:book.ok op:12"
      />
      <Field
        {...{ name: 'search', label: 'Search', title: '/', value: route.search ?? '', onDone: setSearch }}
        placeholder="words, or as in the filter"
      />
      <div class="events-buttons">
        <Seek title="N" label="Previous match" sign="◀" onClick={() => seek(search, -1)} />
        <Seek title="n" label="Next match" sign="▶" onClick={() => seek(search, 1)} />
        <Seek title="[" label="Previous fault or violation" sign="⚡◀" onClick={() => seek(INCIDENTS, -1)} />
        <Seek title="]" label="Next fault or violation" sign="▶⚡" onClick={() => seek(INCIDENTS, 1)} />
      </div>
      <GoTo newest={newest} onDone={choose} />
      <button type="button" title="F" onClick={onFollow}>
        Newest
      </button>
    </section>
  );
}

interface SeekProps {
  /** Its key. */
  title: string;
  label: string;
  sign: string;
  onClick: () => void;
}

function Seek({ title, label, sign, onClick }: SeekProps) {
  return (
    <button type="button" title={title} aria-label={label} onClick={onClick}>
      {sign}
    </button>
  );
}

interface FieldProps {
  name: 'filter' | 'search';
  label: string;
  /** Its key. */
  title: string;
  value: string;
  placeholder: string;
  onDone: (text: string) => void;
}

/** Taken when it is submitted or emptied; Esc leaves it as it was. */
function Field({ name, label, title, value, placeholder, onDone }: FieldProps) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (field.current) field.current.value = value;
  }, [value]);
  const onSubmit = (event: Event) => {
    event.preventDefault();
    focusList();
    onDone(field.current?.value ?? '');
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || field.current === null) return;
    event.preventDefault();
    field.current.value = value;
    focusList();
  };
  return (
    <form class="events-field" onSubmit={onSubmit}>
      <label for={`events-${name}`}>{label}</label>
      <input
        id={`events-${name}`}
        ref={field}
        type="search"
        {...{ title, placeholder, maxLength: 200, onKeyDown }}
        onInput={(event) => event.currentTarget.value === '' && value !== '' && onDone('')}
      />
    </form>
  );
}

function GoTo({ newest, onDone }: { newest: number; onDone: (index: number) => void }) {
  const field = useRef<HTMLInputElement>(null);
  const onSubmit = (event: Event) => {
    event.preventDefault();
    if (field.current === null || field.current.value === '') return;
    onDone(Number(field.current.value));
    field.current.value = '';
    focusList();
  };
  return (
    <form class="events-field" onSubmit={onSubmit}>
      <label for="events-index">To event</label>
      <input id="events-index" ref={field} type="number" min={0} max={newest} step={1} title=":" />
      <button type="submit">Go</button>
    </form>
  );
}

/** Where the keys of the list work. */
function focusList(): void {
  document.querySelector<HTMLElement>('.virtual-list')?.focus();
}
