/** What kind of difference it is at which two histories of one seed behind a gate part, and what to do about it. */
import type { Parting } from './compare-histories.ts';

export interface PartingClass {
  class: string;
  /** A sentence. */
  advice: string;
}

const CHANCE: PartingClass = {
  class: "the service's clock or chance",
  advice:
    'The service answered the same request otherwise: look for a value of its clock, a random number or a cache.',
};
const ORDER: PartingClass = {
  class: "pool order or driver's timer",
  advice:
    'Another request went on: the service let its connections or timers decide. Try `--settle sleep`, or `--gate-service restart`.',
};
const LENGTH: PartingClass = {
  class: 'a statement more or less',
  advice:
    'One execution has ended earlier: look for work of the service that nobody asked for. Try `--gate-service restart`.',
};

/** Told by the events alone; the run's proof tells it by its statements. */
export function classOfParting({ left, right, differences }: Parting): PartingClass {
  if (left === null || right === null) return LENGTH;
  const isSameStep = left.type === right.type && left.actor === right.actor;
  return isSameStep && differences.every(({ path }) => path.startsWith('data.')) ? CHANCE : ORDER;
}
