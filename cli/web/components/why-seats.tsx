/** Over the lanes: how many seats were taken after which step, and where that were more than there are. */
import type { Forensic, Why } from '../../../server/contract/index.ts';
import { formatNumber } from '../../run/format.ts';
import { safeText } from '../../run/sanitize.ts';
import { seatsOf, seatsThrough } from '../../run/why-seats.ts';

interface WhySeatsProps {
  bundle: Forensic;
  why: Why;
  onPick: (step: number) => void;
}

export function WhySeats({ bundle, why, onPick }: WhySeatsProps) {
  const seats = seatsOf(bundle);
  const points = seats === null ? [] : seatsThrough(why, seats);
  if (seats === null || points.length === 0) return null;
  const { object, capacity } = seats;
  return (
    <p class="why-seats">
      <span class="dim">
        Taken of {formatNumber(capacity)} {capacity === 1 ? 'seat' : 'seats'} of {safeText(object)}:
      </span>
      {points.map(({ step, taken }) => {
        const isOver = taken > capacity || taken < 0;
        return (
          <button key={step} type="button" class={isOver ? 'why-over' : ''} onClick={() => onPick(step)}>
            <b>
              {isOver && '✖ '}
              {taken}
            </b>{' '}
            after {step}
            {isOver && ', over capacity'}
          </button>
        );
      })}
    </p>
  );
}
