/** What is asked for in a launch, of a run or of a campaign, and could only fail once it has begun. */
import {
  CONFIG_SETTINGS,
  isModuleLabel,
  type RunConfig,
  type RunValues,
  refusalOf,
} from '../contract/index.ts';
import { invalidRequest } from '../errors.ts';

/** Such as a bug that nobody knows: refused with what would be right. @throws ApiError */
export function assertCanBe(scenario: string, target: string, config: RunConfig): void {
  const refused = refusalOf({ ...config, scenario, target } as RunValues);
  if (refused === null) return;
  const { setting, why, advice } = refused;
  throw invalidRequest(`${setting in CONFIG_SETTINGS ? 'config.' : ''}${setting}: ${why} ${advice}`);
}

/** @throws ApiError for what is no target, or holds a user or a password. */
export function assertTarget(target: string): void {
  if (target === 'postgres' || target === 'memory' || isModuleLabel(target)) return;
  const url = URL.canParse(target) ? new URL(target) : null;
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) {
    if (url.username === '' && url.password === '') return;
    throw invalidRequest(
      'target holds a user or a password, and a target is stored and shown. Leave them out, and give them to the runner as SIMCITY_TARGET_CREDENTIALS=https://user:password@host.',
    );
  }
  throw invalidRequest(
    `target is ${JSON.stringify(target)}, but must be postgres, memory, or the http(s) URL of a service. A module of your own runs only where the command is given.`,
  );
}
