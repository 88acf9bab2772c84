/** What differs in a run by its target: the limits of one against a service, which decides its own pace. */
import { CONFIG_ROWS, type RunConfig } from './run-settings.ts';

/** True for a target that is named by the URL of a service. */
export function isServiceTarget(target: string): boolean {
  return /^https?:\/\//i.test(target);
}

/** True for a run in which the world decides what comes first: against a service without a gate. */
export function isLive(target: string, { gate }: Pick<RunConfig, 'gate'>): boolean {
  return isServiceTarget(target) && gate === null;
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

/** The limits of a run whose launch asks for none; none where those of all runs hold, behind a gate as well. */
export function limitsFor(target: string, asked: Readonly<Record<string, unknown>>): Partial<RunConfig> {
  const isAsked = Object.keys(SERVICE_LIMITS).some((name) => asked[name] !== undefined);
  const gate = (asked['gate'] ?? null) as RunConfig['gate'];
  return isLive(target, { gate }) && !isAsked ? SERVICE_LIMITS : {};
}
