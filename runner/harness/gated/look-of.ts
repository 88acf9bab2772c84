/** A look at one object, as a service behind a gate is asked for it. */
import type { Scenario } from '../../scenarios/scenario.ts';
import type { Workload } from '../../scenarios/workload.ts';
import type { Call } from '../../service/call.ts';
import type { HttpApi } from '../../targets/http/api.ts';

/** It is performed as any other call, and changes nothing. */
export type LookOf = (object: string) => Call & { citizen: string };

/** Null: the API has none. */
export function lookOf({ live }: Scenario, { objects }: Workload, api: HttpApi): LookOf | null {
  const look = live?.look;
  const [first] = objects;
  if (!look || first === undefined || !api.offers(look(first).call.operation)) return null;
  return (object) => {
    const { call, actor } = look(object);
    return { ...call, citizen: actor };
  };
}
