/** The entry of the harness: the process that executes one run. */
import { loadModules } from '../modules/load-modules.ts';
import { execute } from './execute.ts';
import { runHarnessProcess } from './process-shell.ts';

await runHarnessProcess(async ({ modules, ...options }) => {
  await loadModules(modules);
  return await execute(options);
});
