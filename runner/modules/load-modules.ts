/** Loads the user's files that an order names, and makes them known to this process. */
import type { Modules } from '../../server/contract/index.ts';
import { SCENARIOS } from '../scenarios/registry.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { checkAdapter } from './check-adapter.ts';
import { checkScenario } from './check-scenario.ts';
import { checkService } from './check-service.ts';
import { loadDefault } from './load-default.ts';
import { setFiles, setLoaded } from './loaded.ts';

/** Rejects with what is wrong with a file, and what would be right. */
export async function loadModules(modules: Modules | undefined): Promise<void> {
  const { target = null, scenario = null, adapter = null } = modules ?? {};
  setFiles({ target, scenario, adapter });
  const ofUser = scenario === null ? null : checkScenario(scenario, await loadDefault('scenario', scenario));
  setLoaded({
    scenario: ofUser,
    adapter:
      adapter === null
        ? null
        : {
            adapter: checkAdapter(adapter, await loadDefault('adapter', adapter), operationsOf(ofUser)),
            file: adapter,
          },
    service: target === null ? null : checkService(target, await loadDefault('target', target)),
  });
}

/** Which of the built-in scenarios is meant, nobody has said yet. */
function operationsOf(scenario: Scenario | null): readonly string[] {
  return scenario?.operations ?? SCENARIOS.flatMap(({ operations }) => operations);
}
