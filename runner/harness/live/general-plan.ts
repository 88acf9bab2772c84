/**
 * What citizens do in a live city of any scenario: patterns made of the operations that its workload plans and of its
 * objects. Rivals at one object, the same request twice, at once or late, looks around a change, a long soak of one object.
 */
import type { Call, Reply } from '../../service/call.ts';
import { Prng } from '../../sim/prng.ts';
import type { LivePlan, LivePlanOptions } from './live-plan.ts';
import { chooseObject, choosePattern, type Mixes, type Place, phaseOf } from './phases.ts';
import { type Group, type Planned, steps, together } from './planned.ts';

/** Requests of an object that may be unanswered at once before answers are lost on purpose no more. */
const MOST_UNSETTLED = 2;
/** Old requests that are kept to be repeated, over all objects. */
const MOST_KEPT = 12;
/** A call of a kind that is looked for is drawn so often, at most. */
const DRAWS = 24;
/** This share of the changes of an object is of any kind; the others are those for which everybody goes. */
const ANY_CHANGE_SHARE = 0.75;
/** This share of the rivals are requests of one citizen. */
const ONE_CITIZEN_SHARE = 0.25;
/** Objects that are looked at at the end, at most. */
const MOST_LOOKED_AT = 100;

type Pattern = 'single' | 'sandwich' | 'rivals' | 'echoes' | 'lateRepeat' | 'chain' | 'hangUp';

const MIXES: Mixes<Pattern> = {
  calm: { single: 50, sandwich: 24, echoes: 10, lateRepeat: 10 },
  contention: { single: 16, rivals: 44, echoes: 12, sandwich: 16, chain: 12 },
  restart: { single: 50, rivals: 16, lateRepeat: 24, echoes: 10 },
  retries: { single: 36, rivals: 12, echoes: 16, lateRepeat: 20, hangUp: 16 },
  soak: { single: 20, chain: 44, rivals: 16, sandwich: 10, lateRepeat: 10 },
};
const REPEATING: readonly Pattern[] = ['echoes', 'lateRepeat'];

export class GeneralPlan<C extends Call = Call> implements LivePlan<C> {
  readonly #options: LivePlanOptions<C>;
  readonly #unsettled = new Map<string, Set<string>>();
  #kept: { actor: string; call: C }[] = [];
  /** Numbers the calls that are drawn, so that none has a key twice. */
  #drawn = 0;
  #repeats = 0;

  constructor(options: LivePlanOptions<C>) {
    this.#options = options;
  }

  placeOf(g: number): Place {
    return phaseOf(g, this.#options.config.operations, this.#options.kills);
  }

  group(g: number): Group<C> {
    const { seed, rules, workload } = this.#options;
    const prng = new Prng(seed, 'operation', g);
    const place = this.placeOf(g);
    const object = chooseObject(prng, place, { ...this.#options, objects: workload.objects });
    const has = (pattern: Pattern) => rules.keys || !REPEATING.includes(pattern);
    const pattern = choosePattern(prng, MIXES[place.phase.name], has, 'single');
    return this.#made(pattern, prng, object) ?? { requests: [this.#any(prng)] };
  }

  afterRestart(g: number, object: string): Group<C> | null {
    const prng = new Prng(this.#options.seed, 'operation', g);
    const late = this.#kept.slice(-2).map((kept): Planned<C> => ({ ...kept, key: 'repeat' }));
    return steps(
      () => together(this.#look(prng, object)),
      () => together(...late),
      () => together(this.#change(prng, object), this.#look(prng, object)),
    );
  }

  quietLooks(objects: readonly string[]): Planned<C>[] {
    const prng = new Prng(this.#options.seed, 'chaos', -2, this.#drawn);
    return objects.map((object) => this.#look(prng, object)).filter((look) => look !== null);
  }

  finalWaves(touched: readonly string[]): Planned<C>[][] {
    const late = this.#kept.map((kept): Planned<C> => ({ ...kept, key: 'release' }));
    return [late, this.quietLooks(touched.slice(0, MOST_LOOKED_AT))];
  }

  isLook(call: C): boolean {
    const { workload } = this.#options;
    return !(workload.changes?.(call) ?? workload.repeats(call));
  }

  repeatsLost(call: C): boolean {
    const { rules, workload } = this.#options;
    return (rules.keys || workload.isDelivery?.(call) === true) && workload.repeats(call);
  }

  lookAfter(call: C): Planned<C> | null {
    const object = this.#options.workload.objectOf(call);
    return object === null
      ? null
      : this.#look(new Prng(this.#options.seed, 'chaos', -3, this.#drawn), object);
  }

  anew(call: C, nth: number): C {
    return this.#options.workload.anew?.(call, nth) ?? { ...call };
  }

  mayLose(call: C): boolean {
    return this.isLook(call) || !this.isUncertain(call);
  }

  losing(): void {}

  isUncertain(call: C): boolean {
    return this.#objectsOf(call).some((object) => (this.#unsettled.get(object)?.size ?? 0) >= MOST_UNSETTLED);
  }

  begun({ call, actor, key }: Planned<C>): void {
    if (key === 'keep') this.#kept.push({ call, actor });
    if (key === 'release') this.#kept = this.#kept.filter((kept) => kept.call !== call);
  }

  mayRepeat(call: C): boolean {
    const identity = JSON.stringify(call);
    return (
      this.#kept.some((kept) => kept.call === call) ||
      this.#objectsOf(call).some((object) => this.#unsettled.get(object)?.has(identity) === true)
    );
  }

  lost(call: C): void {
    for (const object of this.#objectsOf(call)) {
      const those = this.#unsettled.get(object) ?? new Set();
      this.#unsettled.set(object, those.add(JSON.stringify(call)));
    }
  }

  answered(call: C, _reply: Reply, { isRepeat }: { isRepeat: boolean }): void {
    for (const object of this.#objectsOf(call)) this.#unsettled.get(object)?.delete(JSON.stringify(call));
    if (isRepeat) this.#repeats++;
  }

  sometimes(): Record<string, number> {
    return this.#options.rules.keys ? { 'an old request came again': this.#repeats } : {};
  }

  #made(pattern: Pattern, prng: Prng, object: string): Group<C> | null {
    const look = () => together(this.#look(prng, object));
    const change = () => this.#change(prng, object);
    const most = Math.max(2, Math.min(this.#options.config.concurrency, 2 + prng.below(5)));
    switch (pattern) {
      case 'single':
        return together(this.#any(prng));
      case 'rivals':
        return steps(
          () =>
            together(...this.#rivals(prng, object, most), prng.chance(0.4) ? this.#look(prng, object) : null),
          look,
        );
      case 'sandwich':
        return steps(look, () => together(change()), look);
      case 'chain':
        return steps(
          () => together(change(), change()),
          () => together(change()),
          () => together(change(), this.#look(prng, object)),
        );
      case 'echoes': {
        const first = this.#repeatable(prng, object);
        if (!first) return null;
        const copies = Array.from(
          { length: 1 + prng.below(2) },
          (): Planned<C> => ({ ...first, key: 'repeat' }),
        );
        return steps(
          () => together({ ...first, key: 'keep' }, ...copies),
          look,
          () => together({ ...first, key: 'release' }),
        );
      }
      case 'lateRepeat': {
        const kept =
          this.#kept.length < MOST_KEPT && prng.chance(0.5)
            ? null
            : prng.pick(this.#kept.length > 0 ? this.#kept : [null]);
        const first = kept ?? this.#repeatable(prng, object);
        if (!first) return null;
        const isLast = prng.chance(0.5);
        return steps(
          () => together(kept ? { ...kept, key: isLast ? 'release' : 'repeat' } : { ...first, key: 'keep' }),
          look,
        );
      }
      case 'hangUp': {
        const first = change();
        return (
          first &&
          steps(() => together({ ...first, hangUpAfterMs: prng.chance(0.4) ? 0 : prng.between(0, 5) }), look)
        );
      }
    }
  }

  #any(prng: Prng): Planned<C> {
    return this.#options.workload.plan(this.#drawn++, prng, null);
  }

  /** A call that changes this object, of any kind or of those for which everybody goes; null: none was drawn. */
  #change(prng: Prng, object: string, isWanted = (call: C) => !this.isLook(call)): Planned<C> | null {
    const isAny = prng.chance(ANY_CHANGE_SHARE);
    const isHere = ({ call }: Planned<C>) => isWanted(call) && this.#objectsOf(call).includes(object);
    const drawn = isAny ? this.#drawnWhere(prng, null, isHere) : null;
    return drawn ?? this.#drawnWhere(prng, object, ({ call }) => isWanted(call));
  }

  /** One that a service which knows keys takes for the same when it comes again. */
  #repeatable(prng: Prng, object: string): Planned<C> | null {
    return this.#change(prng, object, (call) => this.repeatsLost(call));
  }

  /** So many changes of this object, now and then all by one citizen who goes for what everybody does. */
  #rivals(prng: Prng, object: string, count: number): (Planned<C> | null)[] {
    const all = (make: () => Planned<C> | null) => Array.from({ length: count }, make);
    if (!prng.chance(ONE_CITIZEN_SHARE)) return all(() => this.#change(prng, object));
    let citizen: string | null = null;
    return all(() => {
      const one = this.#drawnWhere(
        prng,
        object,
        ({ call, actor }) => !this.isLook(call) && (citizen ?? actor) === actor,
      );
      citizen ??= one?.actor ?? null;
      return one;
    });
  }

  #drawnWhere(
    prng: Prng,
    focus: string | null,
    isWanted: (planned: Planned<C>) => boolean,
  ): Planned<C> | null {
    for (let i = 0; i < DRAWS; i++) {
      const planned = this.#options.workload.plan(this.#drawn++, prng, focus);
      if (isWanted(planned) && this.#options.offers(planned.call.operation)) return planned;
    }
    return null;
  }

  /** A look at this object, or at all; null: none was drawn. */
  #look(prng: Prng, object: string): Planned<C> | null {
    let other: Planned<C> | null = null;
    for (let i = 0; i < DRAWS; i++) {
      const planned = this.#any(prng);
      if (!this.isLook(planned.call) || !this.#options.offers(planned.call.operation)) continue;
      const about = this.#options.workload.objectOf(planned.call);
      if (about === null || about === object) return planned;
      other = planned;
    }
    return other;
  }

  #objectsOf(call: C): string[] {
    return this.#options.workload.parts(call).map(({ object }) => object);
  }
}
