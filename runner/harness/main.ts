/** The entry of the harness: the process that executes one run. */
import { settingsOf } from '../../server/contract/index.ts';
import { AllowedServices, allowOnly } from '../targets/http/allowed.ts';
import { executeReported } from './execute-reported.ts';
import { runHarnessProcess } from './process-shell.ts';

// The runner has checked it; what it gives to a harness is a variable of its environment.
const { targets } = settingsOf(process.env, ['targets']);
if (targets) allowOnly(new AllowedServices(targets));

await runHarnessProcess(executeReported);
