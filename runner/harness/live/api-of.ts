/** How the calls of a scenario go over HTTP: by the adapter that was given, or by the scenario itself. */
import type { RunConfig } from '../../../server/contract/index.ts';
import { loadedAdapter } from '../../modules/loaded.ts';
import { citizenNames } from '../../scenarios/bookings/calls.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import type { Workload } from '../../scenarios/workload.ts';
import { httpApiOf } from '../../targets/http/adapted.ts';
import type { HttpAdapter } from '../../targets/http/adapter.ts';
import type { HttpApi } from '../../targets/http/api.ts';

/** The adapter's, or else the scenario's own. @throws Error when there is neither. */
export function apiOf(scenario: Scenario): HttpApi {
  const adapter = loadedAdapter()?.adapter ?? null;
  if (adapter) {
    assertOperations(adapter, scenario);
    return httpApiOf(adapter, scenario);
  }
  const { http } = scenario;
  if (http) return 'isContract' in http ? http : httpApiOf(http as unknown as HttpAdapter, scenario);
  throw new Error(
    `The scenario ${JSON.stringify(scenario.name)} does not say how its calls go over HTTP, which a target that is a URL needs: give it \`http\`, or an adapter with --adapter FILE.`,
  );
}

/** All who will ever call: the names that the setup of the service is given. */
export function citizensOf(
  { live }: Scenario,
  workload: Workload,
  api: HttpApi,
  { citizens }: Pick<RunConfig, 'citizens'>,
): readonly string[] {
  return live?.citizens?.(workload, api) ?? citizenNames(citizens);
}

/** When the adapter was loaded, nobody had said yet which of the built-in scenarios it is for. */
function assertOperations(adapter: Pick<HttpAdapter, 'operations'>, { name, operations }: Scenario): void {
  const strange = (adapter.operations ?? []).filter((operation) => !operations.includes(operation));
  if (strange.length === 0) return;
  throw new Error(
    `The adapter has ${strange.join(', ')}, and the scenario ${JSON.stringify(name)} has ${operations.join(', ')}: name the scenario that it is for.`,
  );
}
