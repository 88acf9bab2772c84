/** Carries out `check-adapter`: setup, reset, and every call once, one request at a time, with all of it shown. */
import {
  type CheckEnd,
  type CheckedExchange,
  createRedactor,
  runConfigSchema,
  type WorkerOrderTo,
} from '../../server/contract/index.ts';
import { ANSWER_LIMIT_MS } from '../harness/live/client.ts';
import { LiveTime } from '../harness/live/live-time.ts';
import { plainSend } from '../harness/live/performance.ts';
import { type RunRules, runRulesOf, toldRulesOf } from '../harness/live/run-rules.ts';
import { runFaultOf } from '../harness/run-fault.ts';
import { loadedAdapter } from '../modules/loaded.ts';
import { type BookingCall, citizenNames } from '../scenarios/bookings/calls.ts';
import { learnRules } from '../scenarios/bookings/live/learn-rules.ts';
import { type Step, walkBookings, walkCitizens, walkWorld } from '../scenarios/bookings/live/walk.ts';
import { beginWorkload, findScenario } from '../scenarios/registry.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { Call, Reply } from '../service/call.ts';
import { inShort } from '../service/in-short.ts';
import { httpApiOf } from '../targets/http/adapted.ts';
import { resolveService, type ServiceAddress } from '../targets/http/address.ts';
import { type Breach, type HttpApi, NotPreparedError, type Send, Unanswered } from '../targets/http/api.ts';
import { CookieJars } from '../targets/http/cookies.ts';
import { preparingSend, withinLimit } from '../targets/http/preparing.ts';
import { answersAt, REACH_LIMIT_MS, unreachable } from '../targets/http/reach.ts';
import { wireRequestOf } from '../targets/http/request.ts';
import { ServiceProcess } from '../targets/http/service-process.ts';
import { Wire } from '../targets/http/wire.ts';
import { walkPlan } from './walk-plan.ts';
import type { WorkerProcess } from './worker-process.ts';

const SHOWN_CHARACTERS = 400;
/** Of one step; a setup may send hundreds that are alike. */
const SHOWN_EXCHANGES = 6;

export async function checkAdapter(
  order: WorkerOrderTo<'check-adapter'>,
  worker: WorkerProcess,
): Promise<void> {
  const check = new Check(order, worker, await resolveService(order.target));
  try {
    await check.reach();
    await check.walk();
    await worker.write({ checked: check.end(null) });
  } catch (error) {
    await worker.write({ checked: check.end(failureOf(error, order)) });
  } finally {
    await check.close();
  }
}

function failureOf(error: unknown, { modules }: WorkerOrderTo<'check-adapter'>): CheckEnd['failed'] {
  if (error instanceof Unreachable || error instanceof NotPreparedError)
    return { kind: 'unreachable', message: error.message };
  const fault = runFaultOf(error, modules, true);
  if (!fault) throw error;
  return { kind: 'adapter', message: fault.message };
}

class Unreachable extends Error {}

class Check {
  readonly #order: WorkerOrderTo<'check-adapter'>;
  readonly #worker: WorkerProcess;
  readonly #wire: Wire;
  readonly #service: ServiceProcess | null;
  readonly #jars = new CookieJars();
  readonly #scenario: Scenario;
  readonly #api: HttpApi;
  readonly #rules: RunRules;
  readonly #address: ServiceAddress;
  readonly #secrets = new Set<string>();
  #exchanges: CheckedExchange[] = [];
  #why: Record<string, string> = {};
  #leftOut: string[] = [];

  constructor(order: WorkerOrderTo<'check-adapter'>, worker: WorkerProcess, address: ServiceAddress) {
    this.#order = order;
    this.#worker = worker;
    this.#wire = new Wire(address, 1);
    this.#service =
      order.exec === null
        ? null
        : new ServiceProcess(order.exec, address.url, address.port, () => answersAt(address));
    this.#scenario = findScenario(order.scenario);
    const loaded = loadedAdapter();
    if (!loaded) throw new Error('There is no adapter to check: name one with --adapter FILE.');
    this.#api = httpApiOf(loaded.adapter, this.#scenario);
    this.#rules = runRulesOf(this.#api, order.rules);
    this.#address = address;
    worker.stop.onRequest(() => this.#wire.close());
  }

  async reach(): Promise<void> {
    if (this.#service) {
      await this.#service.start().catch((error: unknown) => {
        throw new Unreachable(error instanceof Error ? error.message : String(error));
      });
    }
    if (await this.#wire.pin(REACH_LIMIT_MS)) return;
    throw new Unreachable(unreachable(this.#address).message);
  }

  async walk(): Promise<void> {
    if (this.#scenario.name === 'bookings') await this.#walkBookings();
    else await this.#walkAny();
  }

  end(failed: CheckEnd['failed']): CheckEnd {
    const isBookings = this.#scenario.name === 'bookings';
    const missing = this.#scenario.operations.filter((operation) => !this.#api.offers(operation));
    const keyless = isBookings && !this.#rules.rules.keys ? ['keys: the service honours none'] : [];
    const rules = toldRulesOf(this.#rules, this.#why, this.#scenario);
    return {
      rules: failed === null ? JSON.parse(JSON.stringify(rules)) : null,
      leftOut: this.#leftOut,
      notTested: [
        ...missing.map((operation) => `${operation}: the adapter has no such operation`),
        ...keyless,
      ],
      failed,
    };
  }

  async close(): Promise<void> {
    this.#wire.close();
    await this.#service?.close();
  }

  async #walkBookings(): Promise<void> {
    const { rules, declared } = this.#rules;
    const world = walkWorld(rules);
    await this.#prepare(walkCitizens(world), world);
    const offers = (operation: string) => this.#api.offers(operation);
    const step: Step = (title, call, expected) => this.#step(title, call, expected);
    this.#leftOut = await walkBookings({ rules, declared, offers, step });
    const [two] = world.slots;
    const learningWorld = {
      ...world,
      slots: world.slots.map((slot) => ({ ...slot, capacity: two?.capacity ?? 1 })),
    };
    await this.#reset('reset, to learn the rules', learningWorld);
    const ask = (call: BookingCall) => this.#asked(call);
    const { learned, why } = await learnRules(ask, rules, declared, learningWorld.slots, offers);
    Object.assign(rules, learned);
    this.#why = why;
  }

  async #walkAny(): Promise<void> {
    const seed = 1;
    const config = runConfigSchema.parse({});
    const time = new LiveTime();
    const workload = beginWorkload(this.#scenario, seed, config, this.#rules.rules, time.databaseMs());
    await this.#prepare(citizenNames(config.citizens), workload.world);
    const operations = this.#scenario.operations.filter((operation) => this.#api.offers(operation));
    const left = await walkPlan({
      ...{ seed, workload, time, operations },
      step: (title, call, expected) => this.#step(title, call, expected),
    });
    this.#leftOut = left.map((operation) => `${operation}: the scenario did not come to it`);
  }

  async #prepare(citizens: string[], world: object): Promise<void> {
    await this.#shown(`setup of ${citizens.length} citizens`, () =>
      withinLimit('setup', this.#limitMs, () => this.#api.setup(citizens, this.#recorded(this.#preparing()))),
    );
    await this.#reset('reset', world);
  }

  async #reset(title: string, world: object): Promise<void> {
    await this.#shown(title, () =>
      withinLimit('reset', this.#limitMs, () =>
        this.#api.reset(world as never, this.#recorded(this.#preparing())),
      ),
    );
  }

  get #limitMs(): number {
    return this.#order.setupSeconds * 1_000;
  }

  #preparing(): Send {
    return preparingSend(this.#wire, this.#limitMs, this.#jars);
  }

  async #shown(title: string, work: () => Promise<void>): Promise<void> {
    let made = 'failed';
    try {
      await work();
      made = 'done';
    } finally {
      await this.#tell(title, made, null);
    }
  }

  async #step(
    title: string,
    call: Call,
    expected: (reply: Reply) => string | null,
  ): Promise<Reply | Breach | null> {
    let made = 'nothing: the adapter failed';
    let other: string | null = null;
    try {
      const reply = await this.#asked(call);
      made = reply === null ? 'no answer that says something: the outcome is unknown' : madeText(reply);
      if (reply === null) other = 'an answer';
      else other = reply.outcome === 'breach' ? KNOWN_ANSWER : expected(reply);
      return reply;
    } finally {
      await this.#tell(title, made, other);
    }
  }

  async #asked(call: Call): Promise<Reply | Breach | null> {
    try {
      return await this.#api.perform(
        call,
        this.#recorded(plainSend(this.#wire, this.#jars, ANSWER_LIMIT_MS)),
      );
    } catch (error) {
      if (error instanceof Unanswered && !this.#wire.closed) return null;
      throw error;
    }
  }

  async #tell(title: string, made: string, expected: string | null): Promise<void> {
    const all = this.#exchanges.splice(0);
    const redactor = createRedactor(this.#secrets);
    const masked = (text: string) => short(redactor.text(text));
    const exchanges = all.slice(0, SHOWN_EXCHANGES).map((exchange) => ({
      ...exchange,
      path: masked(exchange.path),
      body: exchange.body === null ? null : masked(exchange.body),
      answer: masked(exchange.answer),
    }));
    const more = all.length - exchanges.length;
    const said = more > 0 ? `${made} (and ${more} more request${more === 1 ? '' : 's'})` : made;
    await this.#worker.write({ step: { title, exchanges, made: masked(said), expected } });
  }

  /** `send`, with every request and answer kept. */
  #recorded(send: Send): Send {
    return async (request, options) => {
      const { method, path, headers, body } = wireRequestOf(request, null);
      this.#remember(headers);
      const text = typeof body === 'string' || body === null ? body : `${body.byteLength} bytes`;
      const asked = { method, path, body: text };
      try {
        const answer = await send(request, options);
        this.#exchanges.push({ ...asked, status: answer.status, answer: answer.text });
        return answer;
      } catch (error) {
        const status = error instanceof Unanswered ? error.status : null;
        const why = error instanceof Error ? error.message : String(error);
        this.#exchanges.push({ ...asked, status, answer: why });
        throw error;
      }
    };
  }

  /** What a header is to prove who asks by is a secret, wherever else it stands. */
  #remember(headers: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(headers)) {
      if (!/auth|token|key|secret|cookie/.test(name) || name === 'idempotency-key') continue;
      this.#secrets.add(value.replace(/^(bearer|basic|token)\s+/i, ''));
    }
  }
}

const KNOWN_ANSWER = 'an answer that the adapter knows';

function madeText(reply: Reply | Breach): string {
  if (reply.outcome === 'breach') return `wrong: ${reply.message}`;
  if (reply.outcome === 'refused') return `refused: ${reply.reason}`;
  if (reply.outcome === 'failed') return `failed: ${reply.error}`;
  return `ok ${inShort(reply.value)}`;
}

function short(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}
