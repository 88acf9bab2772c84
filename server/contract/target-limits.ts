/** What differs in a run by its target: the limits of one against a service, which decides its own pace. */
import { CONFIG_ROWS, type RunConfig } from './run-settings.ts';

/** True for a target that is named by the URL of a service. */
export function isServiceTarget(target: string): boolean {
  return /^https?:\/\//i.test(target);
}

/**
 * How long a run goes on against a service when nothing is asked for: whichever ends first. People wait for it;
 * and bugs that show once in a few hundred requests are found by then.
 */
export const SERVICE_LIMITS: Partial<RunConfig> = Object.fromEntries(
  CONFIG_ROWS.flatMap(([name, { serviceDefault }]) =>
    serviceDefault === undefined ? [] : [[name, serviceDefault]],
  ),
);

/** The limits of a run whose launch asks for none; none for targets that have the defaults of all runs. */
export function limitsFor(target: string, asked: Readonly<Record<string, unknown>>): Partial<RunConfig> {
  const isAsked = Object.keys(SERVICE_LIMITS).some((name) => asked[name] !== undefined);
  return isServiceTarget(target) && !isAsked ? SERVICE_LIMITS : {};
}
