/** The place in the history: a slider, buttons for its steps, and a field for a number. */
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { RunEvent } from '../../../server/contract/index.ts';
import { detailOf } from '../../run/describe-event.ts';
import { formatClock, formatNumber } from '../../run/format.ts';
import { SPEEDS } from '../../run/replay-speeds.ts';
import { safeText } from '../../run/sanitize.ts';
import type { Playing } from '../state/playing.ts';

interface ScrubberProps {
  at: number;
  newest: number;
  /** The event at the place; undefined while it is not loaded. */
  event: RunEvent | undefined;
  /** Where a search for a fault is; null: nowhere. */
  seekingAt: number | null;
  playing: Playing;
  askIndex: RefObject<HTMLInputElement | null>;
  /** Null: to the newest, and follow it. */
  onMove: (to: number | null) => void;
  onSeek: (step: 1 | -1) => void;
}

const STEPS = [-100, -10, -1, 1, 10, 100] as const;
const KEY_OF_STEP: Readonly<Record<number, string>> = { 1: '→', 10: 'Shift →', 100: 'PageDown' };
const KEY_OF_STEP_BACK: Readonly<Record<number, string>> = { 1: '←', 10: 'Shift ←', 100: 'PageUp' };

export function Scrubber(props: ScrubberProps) {
  const { at, newest, event, seekingAt, onMove } = props;
  const slider = useRef<HTMLInputElement>(null);
  // The keys work at once, without a way to the slider first.
  useEffect(() => slider.current?.focus({ preventScroll: true }), []);
  return (
    <section class="panel scrubber" aria-label="Place in the history">
      <div class="scrubber-place">
        <strong>
          Event {formatNumber(at)} <span class="dim">of {formatNumber(newest)}</span>
        </strong>
        <span class="scrubber-event">
          {seekingAt !== null
            ? `Looking for a fault at event ${formatNumber(seekingAt)}; Esc ends it.`
            : event === undefined
              ? ''
              : `${formatClock(event.virtualMs, 3)}  ${safeText(event.type)}  ${safeText(event.actor)}  ${detailOf(event)}`}
        </span>
      </div>
      <input
        ref={slider}
        type="range"
        min={0}
        max={Math.max(0, newest)}
        step={1}
        value={at}
        aria-label="Event"
        aria-valuetext={spoken(at, newest, event)}
        onInput={(change) => onMove(Number(change.currentTarget.value))}
      />
      <Buttons {...props} />
    </section>
  );
}

function spoken(at: number, newest: number, event: RunEvent | undefined): string {
  const what = event === undefined ? '' : `: ${safeText(event.type)} by ${safeText(event.actor)}`;
  return `Event ${at} of ${newest}${what}`;
}

function Buttons({ at, newest, playing, askIndex, onMove, onSeek }: ScrubberProps) {
  return (
    <div class="scrubber-buttons">
      <button type="button" title="Home" onClick={() => onMove(0)} aria-label="To the beginning">
        |◀
      </button>
      <button
        type="button"
        title="["
        onClick={() => onSeek(-1)}
        aria-label="To the previous fault or violation"
      >
        ⚡◀
      </button>
      {STEPS.slice(0, 3).map((by) => (
        <Step key={by} by={by} at={at} onMove={onMove} />
      ))}
      <button
        type="button"
        class="play"
        title="Space"
        aria-pressed={playing.isPlaying}
        onClick={playing.toggle}
      >
        {playing.isPlaying ? 'Hold' : 'Play'}
      </button>
      {STEPS.slice(3).map((by) => (
        <Step key={by} by={by} at={at} onMove={onMove} />
      ))}
      <button type="button" title="]" onClick={() => onSeek(1)} aria-label="To the next fault or violation">
        ▶⚡
      </button>
      <button type="button" title="End" onClick={() => onMove(null)} aria-label="To the newest event">
        ▶|
      </button>
      <label class="scrubber-field">
        Speed
        <select
          value={playing.speed}
          onChange={(event) => playing.setSpeed(Number(event.currentTarget.value))}
        >
          {SPEEDS.map((speed, i) => (
            <option key={speed} value={i}>
              {formatNumber(speed)}/s
            </option>
          ))}
        </select>
      </label>
      <GoTo newest={newest} askIndex={askIndex} onMove={onMove} />
    </div>
  );
}

function Step({ by, at, onMove }: { by: number } & Pick<ScrubberProps, 'at' | 'onMove'>) {
  const distance = Math.abs(by);
  return (
    <button
      type="button"
      title={(by < 0 ? KEY_OF_STEP_BACK : KEY_OF_STEP)[distance]}
      onClick={() => onMove(at + by)}
    >
      {by < 0 ? `−${distance}` : `+${distance}`}
      <span class="visually-hidden">{distance === 1 ? ' event' : ' events'}</span>
    </button>
  );
}

function GoTo({ newest, askIndex, onMove }: Pick<ScrubberProps, 'newest' | 'askIndex' | 'onMove'>) {
  const go = (submitted: Event) => {
    submitted.preventDefault();
    const field = askIndex.current;
    if (field === null || field.value === '') return;
    onMove(Math.min(newest, Number(field.value)));
    field.value = '';
    field.closest('.scrubber')?.querySelector<HTMLElement>('input[type=range]')?.focus();
  };
  return (
    <form class="scrubber-field" onSubmit={go}>
      <label for="go-to-event">To event</label>
      <input id="go-to-event" ref={askIndex} type="number" min={0} max={newest} step={1} title=":" />
      <button type="submit">Go</button>
    </form>
  );
}
