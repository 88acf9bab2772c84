/** The order of a reduction: who takes the steps, by request. */
import type { OrderEntry } from '../../server/contract/index.ts';

/** `48.0, 48.0, 50.0` is `48.0*2, 50.0`. */
export function orderOf(steps: readonly string[]): OrderEntry[] {
  const order: OrderEntry[] = [];
  for (const request of steps) {
    const last = order.at(-1);
    if (last?.request === request) last.steps++;
    else order.push({ request, steps: 1 });
  }
  return order;
}
