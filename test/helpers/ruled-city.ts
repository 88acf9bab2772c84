/** A small city on a service with given rules: overlapping calls, lost answers and repeats, all from a seed. */
import { HistoryChecker } from '../../runner/checkers/history-checker.ts';
import type { BookCall, BookingCall } from '../../runner/scenarios/bookings/calls.ts';
import { BookingsWorkload } from '../../runner/scenarios/bookings/workload.ts';
import type { ModelPart, Operation } from '../../runner/scenarios/scenario.ts';
import type { Reply } from '../../runner/service/call.ts';
import { Prng } from '../../runner/sim/prng.ts';
import {
  CONTRACT_RULES,
  type DeclaredRules,
  runConfigSchema,
  withDeclared,
} from '../../server/contract/index.ts';
import { type Fault, RuledService, type Telling } from './ruled-service.ts';

export interface RuledCityOptions {
  readonly seed: number;
  readonly declared: DeclaredRules;
  readonly fault?: Fault | null;
  readonly telling?: Telling;
  readonly operations?: number;
  readonly slots?: number;
}

interface Flow {
  readonly operation: Operation<BookingCall>;
  readonly parts: readonly ModelPart[];
  answer: Reply | null;
  lost: boolean;
}

const CONCURRENCY = 6;
/** Lost answers at most: each one may take effect at any later instant. */
const MOST_LOST = 4;

/** The name of what is broken first, with `model` for what no order explains; null when all was right. */
export function ruledCity(options: RuledCityOptions): string | null {
  return new City(options).run();
}

class City {
  readonly #prng: Prng;
  readonly #rules;
  readonly #workload: BookingsWorkload;
  readonly #checker: HistoryChecker;
  readonly #service: RuledService;
  readonly #operations: number;
  readonly #flows: Flow[] = [];
  readonly #booked: { id: string; call: BookCall }[] = [];
  #next = 0;
  #planned = 0;
  #index = 0;
  #nowMs = 0;
  #lost = 0;

  constructor({ seed, declared, fault = null, telling, operations = 250, slots = 3 }: RuledCityOptions) {
    this.#rules = withDeclared(CONTRACT_RULES, declared);
    const config = runConfigSchema.parse({ slots, citizens: 8 });
    this.#prng = new Prng(seed, 'operation', 1);
    this.#workload = new BookingsWorkload(seed, config, this.#rules);
    this.#checker = new HistoryChecker(this.#workload.model, this.#workload.world);
    const given = telling ? { fault, telling } : { fault };
    this.#service = new RuledService(this.#workload.world.slots, this.#rules, this.#prng, given);
    this.#operations = operations;
  }

  run(): string | null {
    while (this.#planned < this.#operations || this.#waiting() > 0) {
      this.#nowMs += 1 + this.#prng.below(5);
      const mayBegin = this.#planned < this.#operations && this.#waiting() < CONCURRENCY;
      if (mayBegin && this.#prng.chance(0.4)) this.#invoke(this.#plan());
      const broken = this.#goOn();
      if (broken !== null) return broken;
    }
    return this.#atRest();
  }

  #waiting(): number {
    return this.#flows.filter(({ lost }) => !lost).length;
  }

  #plan(): { actor: string; call: BookingCall } {
    const { actor, call } = this.#workload.plan(this.#planned++, this.#prng, null);
    const other = this.#prng.pick(['citizen-001', 'citizen-002', 'citizen-003']);
    const tries = this.#rules.ownCancelOnly && this.#booked.length > 0 && this.#prng.chance(0.1);
    if (!tries) return { actor, call };
    const { id, call: made } = this.#booked[this.#booked.length - 1] as { id: string; call: BookCall };
    return { actor: other, call: { operation: 'cancel', booking: id, slot: made.slot, citizen: other } };
  }

  #invoke({ actor, call }: { actor: string; call: BookingCall }): void {
    const parts = this.#workload.parts(call);
    const id = this.#next++;
    const operation = { id, actor, call, invokedIndex: this.#index++, invokedMs: this.#nowMs };
    this.#workload.invoked(operation);
    this.#checker.invoke(id, parts);
    this.#flows.push({ operation, parts, answer: null, lost: false });
  }

  /** One flow takes effect, is answered, or loses its answer. */
  #goOn(): string | null {
    if (this.#flows.length === 0) return null;
    const flow = this.#prng.pick(this.#flows);
    const { call } = flow.operation;
    if (flow.answer === null) {
      if (flow.lost ? this.#prng.chance(0.1) : this.#prng.chance(0.7))
        flow.answer = this.#service.run(call, this.#nowMs);
      else if (!flow.lost && this.#lost < MOST_LOST && this.#prng.chance(0.2)) this.#lose(flow);
      return null;
    }
    if (flow.lost) {
      this.#end(flow);
      return null;
    }
    if (this.#lost < MOST_LOST && this.#prng.chance(0.05)) {
      this.#lose(flow);
      return null;
    }
    this.#end(flow);
    return this.#complete(flow, flow.answer);
  }

  #end(flow: Flow): void {
    this.#flows.splice(this.#flows.indexOf(flow), 1);
  }

  #lose(flow: Flow): void {
    const { operation, parts } = flow;
    this.#lost++;
    this.#index++;
    flow.lost = true;
    this.#workload.unanswered(operation);
    this.#checker.unknown(operation.id, parts);
    if (this.#workload.repeats(operation.call)) this.#invoke(operation);
  }

  #complete({ operation, parts }: Flow, reply: Reply): string | null {
    const { call } = operation;
    if (call.operation === 'book' && reply.outcome === 'ok' && reply.value['booking'] !== undefined)
      this.#booked.push({ id: String(reply.value['booking']), call });
    const violation = this.#workload.completed(operation, reply, this.#index++, this.#nowMs);
    if (violation) return violation.invariant;
    const answers = this.#workload.answers(call, parts, reply);
    return this.#checker.complete(operation.id, parts, answers) ? 'model' : null;
  }

  #atRest(): string | null {
    this.#workload.readsMayLag(false);
    const { violation, reads } = this.#workload.audit(this.#service.dump());
    if (violation) return violation.invariant;
    for (const { object, call, answer } of reads) {
      const id = this.#next++;
      const parts = [{ object, call }];
      this.#checker.invoke(id, parts);
      if (this.#checker.complete(id, parts, [answer])) return 'model';
    }
    return this.#checker.undecided.size > 0 ? 'undecided' : null;
  }
}
