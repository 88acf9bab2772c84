/** A service under test behind a gate of ours, as one execution after another begins it afresh. */
import type { GateOrder } from '../../../server/contract/index.ts';
import { resolveService, type ServiceAddress } from '../../targets/http/address.ts';
import { besideAddress } from '../../targets/http/service-group.ts';
import { GateStage } from '../../targets/pgwire/ground/stage.ts';

export interface StagedService {
  readonly stage: GateStage;
  /** Where the service answers. */
  readonly address: ServiceAddress;
}

export interface StagedServiceOptions {
  target: string;
  /** With users and passwords; the first is the target. */
  targets?: readonly string[];
  /** The database for a template of ours. */
  targetUrl: string | null;
  exec?: string | null;
  gate?: GateOrder | null;
}

/**
 * Opens the gate and finds the template; nothing is started yet. `isAside`: the service is to answer at a free port, for
 * several of them side by side. Whoever opens it closes its stage.
 * @throws Error that says what to do when there is no command, no database, or no way to clone it.
 */
export async function stageService(
  { target, targets = [], targetUrl, exec = null, gate = null }: StagedServiceOptions,
  { isAside = false, say }: { isAside?: boolean; say?: (text: string) => void } = {},
): Promise<StagedService> {
  if (exec === null || gate === null) throw new Error(NOT_TYPED);
  const asked = await resolveService(targets[0] ?? target);
  const address = isAside ? await besideAddress(asked) : asked;
  const stage = await GateStage.open({ order: gate, targetUrl, exec, address, ...(say ? { say } : {}) });
  return { stage, address };
}

const NOT_TYPED =
  "The run has a gate before its service's database: give the command that starts the service and the gate again, as --exec 'COMMAND' --gate [URL].";

/** What to do when a service does not come up at a port beside its own. */
export function adviceAside(error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  if (!/^The service (started with|cannot be started)/.test(message)) {
    return error instanceof Error ? error : new Error(message);
  }
  return new Error(
    `${message} Several services stand side by side, each at a port of its own: let the command use {port} or the variable PORT, or give --parallel 1.`,
  );
}
