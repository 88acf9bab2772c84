/** The entry of the harness: the process that executes one run. */
import { execute } from './execute.ts';
import { runHarnessProcess } from './process-shell.ts';

await runHarnessProcess(execute);
