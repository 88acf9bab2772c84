/** A look at one object, as a service behind a gate is asked for it. */
import type { Scenario } from '../../scenarios/scenario.ts';
import type { Workload } from '../../scenarios/workload.ts';
import type { HttpApi } from '../../targets/http/api.ts';
import type { LookOf } from '../../targets/pgwire/looks.ts';

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
