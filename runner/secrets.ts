/** The secrets that a runner and its harnesses know by value, which are taken out of all that they write. */
import {
  type GateOrder,
  type HarnessOrder,
  passwordsOf,
  secretsOfCommand,
  secretsOfEnvironment,
  type WorkerOrder,
} from '../server/contract/index.ts';
import type { RunnerConfig } from './config.ts';
import { GATE_PASSWORD, ROLE_PASSWORD } from './targets/pgwire/ground/passwords.ts';

/** Of any process that may open a gate; its own, which no order names. */
export const GATE_SECRETS: readonly string[] = [GATE_PASSWORD, ROLE_PASSWORD];

type Env = Readonly<Record<string, string | undefined>>;

/** Of a harness: what its order holds, and what its environment hands to the code under test. */
export function harnessSecrets(
  order: Pick<HarnessOrder, 'token' | 'target' | 'targetUrl' | 'supabase'> &
    Partial<Pick<HarnessOrder, 'exec' | 'gate' | 'targets'>>,
  env: Env,
): string[] {
  const { token, target, targets = [], targetUrl, exec = null, gate = null } = order;
  return [
    token,
    ...(order.supabase ? [order.supabase.key] : []),
    ...ofUrl(targetUrl),
    ...[target, ...targets].flatMap((each) => [...passwordsOf(each), ...basicOf(each)]),
    ...(exec === null ? [] : secretsOfCommand(exec)),
    ...ofGate(gate),
    ...GATE_SECRETS,
    ...secretsOfEnvironment(env),
  ];
}

/** Of a runner: its databases, and whatever its environment holds. */
export function runnerSecrets(
  config: Pick<RunnerConfig, 'databaseUrl' | 'targetUrl'> & Partial<Pick<RunnerConfig, 'exec' | 'gate'>>,
  env: Env,
): string[] {
  const { databaseUrl, targetUrl, exec = null, gate = null } = config;
  return [
    ...ofUrl(databaseUrl),
    ...ofUrl(targetUrl),
    ...(exec === null ? [] : secretsOfCommand(exec)),
    ...ofGate(gate),
    ...secretsOfEnvironment(env),
  ];
}

/** Of a worker: what its order gives to the service under test. */
export function workerSecrets(order: WorkerOrder): string[] {
  const exec = 'exec' in order ? order.exec : null;
  const gate = 'gate' in order ? order.gate : null;
  return [...(exec === null ? [] : secretsOfCommand(exec)), ...ofGate(gate)];
}

/** The password of the template, and what stands in the command that prepares one. */
function ofGate(gate: GateOrder | null): string[] {
  if (gate === null) return [];
  return [...passwordsOf(gate.url ?? ''), ...(gate.prepare === null ? [] : secretsOfCommand(gate.prepare))];
}

function ofUrl(url: string | null): string[] {
  return url === null ? [] : [url, ...passwordsOf(url)];
}

/** User and password together: what an Authorization header holds, in base64. */
function basicOf(target: string): string[] {
  if (passwordsOf(target).length === 0) return [];
  const { username, password } = URL.parse(target) ?? { username: '', password: '' };
  try {
    return [`${decodeURIComponent(username)}:${decodeURIComponent(password)}`];
  } catch {
    return [`${username}:${password}`];
  }
}
