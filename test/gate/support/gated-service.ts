/**
 * One service behind a gate, right or with a bug: its seeds are executed one after another on one stage, as a campaign
 * does it, each three times.
 */

import { execute } from '../../../runner/harness/execute.ts';
import type { StagedService } from '../../../runner/harness/gated/staged-service.ts';
import { stageService } from '../../../runner/harness/gated/staged-service.ts';
import { emptyTrace } from '../../../runner/harness/trace.ts';
import { loadModules } from '../../../runner/modules/load-modules.ts';
import { shellWord } from '../../../runner/reproduce.ts';
import type { Subject } from '../../../runner/shrink/candidate.ts';
import { resolveService } from '../../../runner/targets/http/address.ts';
import { answersAt } from '../../../runner/targets/http/reach.ts';
import { ServiceGroup } from '../../../runner/targets/http/service-group.ts';
import { MemorySink } from '../../../runner/telemetry/memory.ts';
import {
  type Forensic,
  type GateOrder,
  type Proof,
  type RunConfig,
  type RunEvent,
  runConfigSchema,
} from '../../../server/contract/index.ts';
import { neverStopped } from '../../helpers/execute.ts';
import { freePort } from '../../helpers/folder.ts';
import type { TestPostgres } from '../../helpers/postgres.ts';
import type { Bug, GateService } from './services.ts';

/** Of each seed: once, and so often again. */
const AGAIN = 2;
/** A seed that takes longer hangs. */
const SEED_SECONDS = 120;
/** Requests under way, as many as every pool here has connections for. */
const CONCURRENCY = 6;

export interface SeedResult {
  readonly seed: number;
  /** What it failed by; null: it passed. */
  readonly failure: Forensic | null;
  /** Operations begun until it was over. */
  readonly requests: number;
  /** How the executions after the first compare with it. */
  readonly proof: Proof;
  /** From the first event to the last, without the beginning of the city. */
  readonly seconds: number;
}

/** A database in which the service has made its tables: what each execution gets a clone of. */
export class Template {
  readonly url: string;
  readonly command: (bug: Bug | null) => string;

  private constructor(service: GateService, url: string) {
    this.url = url;
    this.command = (bug) => withEnvironment(service, { BUG: bug ?? '' });
  }

  /** Starts the service once on an empty database. */
  static async of(service: GateService, postgres: TestPostgres): Promise<Template> {
    const url = await postgres.createDatabase({ migrated: false });
    const direct = await startedDirectly(service, null, url);
    await direct.close();
    return new Template(service, url);
  }
}

/** The service on a free port, speaking to that database without a gate. */
export async function startedDirectly(
  service: GateService,
  bug: Bug | null,
  database: string,
): Promise<{ url: string; close(): Promise<void> }> {
  const url = `http://127.0.0.1:${await freePort()}`;
  const command = withEnvironment(service, { BUG: bug ?? '', DATABASE_URL: database, PGSSLMODE: 'disable' });
  const group = await ServiceGroup.of(command, await resolveService(url), 1, answersAt);
  await group.start();
  return { url, close: () => group.close() };
}

export class GatedService {
  readonly #service: GateService;
  readonly #subject: Omit<Subject, 'seed' | 'config'>;
  readonly #staged: StagedService;

  private constructor(
    service: GateService,
    subject: Omit<Subject, 'seed' | 'config'>,
    staged: StagedService,
  ) {
    this.#service = service;
    this.#subject = subject;
    this.#staged = staged;
  }

  /** Whoever opens it closes it. */
  static async open(service: GateService, bug: Bug | null, template: Template): Promise<GatedService> {
    await loadModules({ target: null, scenario: null, adapter: service.adapter ?? null });
    const subject = await subjectOf(bug, template);
    return new GatedService(service, subject, await stageService(subject));
  }

  /** Executes a seed three times. */
  async seed(
    seed: number,
    given: Partial<RunConfig> = {},
  ): Promise<SeedResult & { events: readonly RunEvent[] }> {
    const sink = new MemorySink();
    const trace = emptyTrace();
    const end = await execute({
      ...{ ...this.#subject, seed, sink, trace, staged: this.#staged, signal: neverStopped },
      config: configOf(this.#service, { prove: AGAIN, ...given }),
      limits: { seconds: SEED_SECONDS * (AGAIN + 1) },
    });
    const { events } = sink;
    const proof = events.at(-1)?.data['proof'] as Proof | undefined;
    if (!proof) throw new Error(`Seed ${seed} of ${this.#service.name} was not executed again.`);
    return {
      seed,
      failure: end.failForensic,
      requests: trace.begun.length,
      proof,
      seconds: secondsOf(events),
      events,
    };
  }

  async close(): Promise<void> {
    await this.#staged.stage.close();
    await loadModules(undefined);
  }
}

/** What a shrinker is given. It starts the service itself, at a port of its own. */
export async function subjectOf(
  bug: Bug | null,
  template: Template,
): Promise<Omit<Subject, 'seed' | 'config'>> {
  const gate: GateOrder = { url: template.url, schema: null, prepare: null, large: false };
  const target = `http://127.0.0.1:${await freePort()}`;
  return { scenario: 'bookings', target, targetUrl: template.url, exec: template.command(bug), gate };
}

/** As a survey of the service leaves it. */
export function configOf({ plan }: GateService, given: Partial<RunConfig>): RunConfig {
  const { service: gate, settle, pool } = plan;
  return runConfigSchema.parse({ gate, settle, pool, concurrency: CONCURRENCY, faults: 'none', ...given });
}

function withEnvironment({ words }: GateService, environment: Record<string, string>): string {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  return ['env', ...variables, ...words].map(shellWord).join(' ');
}

/** From the first event to the last one before the end. */
export function secondsOf(events: readonly RunEvent[]): number {
  const at = (event: RunEvent | undefined) => Date.parse(event?.at ?? '');
  // The last one is written when the proof is there.
  return (at(events.at(-2)) - at(events[0])) / 1_000;
}
