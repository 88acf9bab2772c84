/** Plays the history at a chosen speed. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { SPEEDS } from '../../run/replay-speeds.ts';

export interface Playing {
  isPlaying: boolean;
  /** Position in SPEEDS, which are events a second. */
  speed: number;
  toggle: () => void;
  hold: () => void;
  faster: (by: number) => void;
  setSpeed: (speed: number) => void;
}

const STEP_MS = 66;
/** 20 events a second. */
const FIRST_SPEED = 2;

/** `onMove` gets the next place; null once the newest event is reached. */
export function usePlaying(at: number, newest: number, onMove: (at: number | null) => void): Playing {
  const [isPlaying, setPlaying] = useState(false);
  const [speed, setSpeed] = useState(FIRST_SPEED);
  const place = useRef({ at, newest });
  place.current = { at, newest };
  useEffect(() => {
    if (!isPlaying) return;
    let before = performance.now();
    let carry = 0;
    const timer = setInterval(() => {
      const now = performance.now();
      const due = carry + ((SPEEDS[speed] ?? 1) * (now - before)) / 1_000;
      before = now;
      carry = due % 1;
      const to = place.current.at + Math.floor(due);
      if (to < place.current.newest) return onMove(to);
      setPlaying(false);
      onMove(null);
    }, STEP_MS);
    return () => clearInterval(timer);
  }, [isPlaying, speed, onMove]);
  const toggle = useCallback(() => {
    // Playing from the end begins anew.
    if (place.current.at >= place.current.newest) onMove(0);
    setPlaying((before) => !before);
  }, [onMove]);
  const hold = useCallback(() => setPlaying(false), []);
  const faster = useCallback(
    (by: number) => setSpeed((before) => Math.max(0, Math.min(SPEEDS.length - 1, before + by))),
    [],
  );
  return { isPlaying, speed, toggle, hold, faster, setSpeed };
}
