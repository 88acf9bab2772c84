/** The first requests to a service behind an open gate: does it speak to the gate's database, and what does it promise? */
import {
  type DeclaredRules,
  type JsonObject,
  mergedRules,
  type RuleName,
} from '../../../server/contract/index.ts';
import { beginWorkload, findScenario } from '../../scenarios/registry.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import type { Workload } from '../../scenarios/workload.ts';
import type { HttpApi, Send } from '../../targets/http/api.ts';
import { CookieJars } from '../../targets/http/cookies.ts';
import { resetWithin, setUpWithin } from '../../targets/http/preparing.ts';
import { Wire } from '../../targets/http/wire.ts';
import type { Stand } from '../../targets/pgwire/ground/stage.ts';
import type { LookOf } from '../../targets/pgwire/looks.ts';
import { apiOf, citizensOf } from '../live/api-of.ts';
import { ANSWER_LIMIT_MS } from '../live/client.ts';
import { plainSend } from '../live/performance.ts';
import type { RunRules } from '../live/run-rules.ts';
import { MOST_CONNECTIONS } from './find-pool.ts';
import { gatedRulesOf } from './gated-rules.ts';
import { lookOf } from './look-of.ts';
import type { StagedService } from './staged-service.ts';
import type { SurveyOptions } from './survey-options.ts';

const REQUEST = { method: 'GET', path: '/', headers: {}, body: null } as const;

export class Acquaintance {
  readonly #options: SurveyOptions;
  readonly #staged: StagedService;
  readonly #scenario: Scenario;
  readonly #api: HttpApi;
  readonly #run: RunRules;
  readonly #workload: Workload;
  readonly #wire: Wire;
  readonly #jars = new CookieJars();
  /** What is worth a line. */
  readonly notes: string[] = [];

  constructor(options: SurveyOptions, staged: StagedService) {
    this.#options = options;
    this.#staged = staged;
    this.#scenario = findScenario(options.scenario);
    this.#api = apiOf(this.#scenario);
    this.#run = gatedRulesOf(this.#api, options.config.rules);
    this.#workload = beginWorkload(this.#scenario, options.seed, options.config, this.#run.rules);
    this.#wire = new Wire(staged.address, MOST_CONNECTIONS);
  }

  /** Performs a look at one object; null: the API has none. */
  get lookAt(): (() => Promise<unknown>) | null {
    const { look } = this;
    const [object] = this.#workload.objects;
    if (!look || object === undefined) return null;
    return () => this.#api.perform(look(object), this.#plain());
  }

  /** A look at one object; null: the API has none. */
  get look(): LookOf | null {
    return lookOf(this.#scenario, this.#workload, this.#api);
  }

  close(): void {
    this.#wire.close();
  }

  /**
   * Sends nothing that writes. @throws Error that says what to set, when the service was asked and no statement came
   * through the gate: it speaks to another database, which is not to be tested, and not to be written to.
   */
  async assertSpeaksToGate(): Promise<void> {
    const { gate } = this.#staged.stage;
    if (gate.statementsSeen > 0) return;
    const { look } = this;
    const [object] = this.#workload.objects;
    if (look && object !== undefined) {
      // Before its city is there it may answer anything: what counts is whether it asks its database.
      await this.#api.perform(look(object), this.#plain()).catch(() => null);
    } else await this.#wire.exchange(REQUEST, { deadlineMs: ANSWER_LIMIT_MS });
    if (gate.statementsSeen > 0) return;
    throw new Error(gate.connections.size > 0 ? CONNECTED_ONLY : NOT_CONNECTED);
  }

  /** Begins the city of the run afresh, behind the open gate. */
  async fresh(world: JsonObject = this.#workload.world): Promise<Stand> {
    const { config } = this.#options;
    const api = this.#api;
    const limitMs = config.setupTimeoutSeconds * 1_000;
    const preparing = { api, wire: this.#wire, jars: this.#jars, limitMs };
    const stand = await this.#staged.stage.begin('restart');
    await setUpWithin(preparing, citizensOf(this.#scenario, this.#workload, api, config));
    await resetWithin(preparing, world);
    return stand;
  }

  /** What the service promises: the rules that were declared, and those that a few calls tell. */
  async rules(): Promise<{ rules: DeclaredRules; learned: Record<string, string> }> {
    const { rules, declared } = this.#run;
    const { isContract } = this.#api;
    const first = await this.#scenario.live?.firstLook?.({
      ...{ rules, declared, isContract },
      offers: (operation) => this.#api.offers(operation),
      perform: (call) => this.#api.perform(call, this.#plain()),
      raw: () => Promise.resolve(null),
      reset: async (world) => void (await this.fresh(world)),
      note: () => undefined,
      isStopped: () => this.#options.signal.requested,
      // What is malformed is no matter of timing.
      isShort: true,
    });
    if (first?.failure) this.notes.push(`The first look found: ${first.failure.message}`);
    return { rules: this.#declared(first?.learned ?? {}), learned: { ...first?.learned } };
  }

  #declared(learned: Partial<Record<RuleName, string>>): DeclaredRules {
    const { keys, onePerCitizen, secondCancel, closing, cancelsBy } = this.#run.rules;
    const found: DeclaredRules = { keys, onePerCitizen, secondCancel, closing };
    if (cancelsBy !== 'nobody') found.cancelsBy = cancelsBy;
    const names = (Object.keys(found) as (keyof typeof found)[]).filter((name) => name in learned);
    const lessons = Object.fromEntries(names.map((name) => [name, found[name]]));
    return mergedRules(lessons, mergedRules(this.#api.rules, this.#options.config.rules));
  }

  #plain(): Send {
    return plainSend(this.#wire, this.#jars, ANSWER_LIMIT_MS);
  }
}

const WHAT_TO_SET =
  'Let it take its database from DATABASE_URL (or PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE), or put {gate.url} where its command names one.';
const NOT_CONNECTED = `The service does not speak to the gate: it answered a request, and no connection was made to the gate's database. It may use another database, which is not to be written to. ${WHAT_TO_SET}`;
const CONNECTED_ONLY = `The service has connected to the gate, but a request to it sent no statement there: it may use another database for its data, which is not to be written to. ${WHAT_TO_SET}`;
