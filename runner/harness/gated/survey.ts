/**
 * Finds out, before a run is launched, how a service behind the gate is best tested: that it speaks to the gate at all,
 * what rules it keeps, how large its pool is, how it is known that it has settled, and how each execution begins afresh.
 */
import type { DeclaredRules, Survey } from '../../../server/contract/index.ts';
import { listenersAmong } from '../../targets/http/listener.ts';
import { ServiceSleep } from '../../targets/pgwire/settling/sleep.ts';
import type { WirePlan } from '../../targets/pgwire/target.ts';
import { Acquaintance } from './acquaintance.ts';
import { findPool } from './find-pool.ts';
import { USUAL_POOL } from './gated-run.ts';
import { type StagedService, stageService } from './staged-service.ts';
import type { SurveyOptions } from './survey-options.ts';
import { Trials } from './trials.ts';

/** For all of a survey. */
const LIMIT_SECONDS = 60;
/** Of each way to begin, so many executions are held against each other. */
const EACH_WAY = 2;
/** The trials get so much in any case. */
const LEAST_SECONDS = 15;
const SHOWN_CHARACTERS = 120;

/** @throws Error that says what to do when the service cannot be tested behind a gate. */
export async function survey(options: SurveyOptions): Promise<Survey> {
  options.tell('looking at the database that is cloned for each execution');
  const staged = await stageService(options, { say: options.tell });
  try {
    return await new Surveyor(options, staged).survey();
  } finally {
    await staged.stage.close();
  }
}

/** One way to begin an execution afresh, as its trials were. */
interface Way {
  /** Of the beginning of one, in ms; null: it does not serve this service. */
  readonly beganMs: number | null;
  /** All of them were as the first trial of the survey. */
  readonly isSame: boolean;
}

class Surveyor {
  readonly #options: SurveyOptions;
  readonly #staged: StagedService;
  readonly #startedMs = performance.now();
  readonly #notes: string[] = [];

  constructor(options: SurveyOptions, staged: StagedService) {
    this.#options = options;
    this.#staged = staged;
  }

  async survey(): Promise<Survey> {
    const { tell } = this.#options;
    const { stage } = this.#staged;
    const met = await this.#meet();
    tell('executing a few operations several times');
    const trials = this.#trials(met.rules);
    const { plan, ways } = await this.#chosen(trials, met);
    const { background = [], backgroundWrites = 0 } = trials.first?.told ?? {};
    return {
      ...{ service: plan.service, settle: plan.settle, pool: plan.pool },
      ...{ rules: met.rules, learned: met.learned },
      template: { bytes: stage.template.bytes, how: stage.template.how },
      cloneMs: Math.round(met.cloneMs),
      restartMs: ways.restart?.beganMs ?? null,
      keepMs: ways.keep?.beganMs ?? null,
      identical: { executions: trials.executions, same: trials.same },
      background: background.map((text) => text.slice(0, SHOWN_CHARACTERS)),
      backgroundWrites,
      notes: this.#notes,
    };
  }

  async #meet(): Promise<Met> {
    const { tell, config } = this.#options;
    const { stage, address } = this.#staged;
    tell('starting the service behind the gate');
    const acquaintance = new Acquaintance(this.#options, this.#staged);
    try {
      await stage.begin('restart');
      await acquaintance.assertSpeaksToGate();
      tell('looking at what the service promises');
      const { rules, learned } = await acquaintance.rules();
      tell('counting the connections of its pool');
      const stand = await acquaintance.fresh();
      const pool = config.pool ?? (await this.#pool(acquaintance));
      this.#notes.push(...acquaintance.notes);
      const isSeen =
        ServiceSleep.canSee(stand.roots()) && listenersAmong(stand.roots(), address.port).length > 0;
      if (!isSeen && config.settle !== 'silence') this.#notes.push(UNSEEN);
      return { rules, learned, pool, settle: isSeen ? 'sleep' : 'silence', cloneMs: stand.cloneMs };
    } finally {
      acquaintance.close();
    }
  }

  async #pool({ lookAt: look }: Acquaintance): Promise<number> {
    const found = look === null ? 0 : await findPool({ gate: this.#staged.stage.gate, look });
    if (found > 0) return found;
    this.#notes.push(POOL_UNKNOWN);
    return USUAL_POOL;
  }

  #trials(rules: DeclaredRules): Trials {
    const { tell: _, config, ...options } = this.#options;
    const seconds = LIMIT_SECONDS - (performance.now() - this.#startedMs) / 1_000;
    return new Trials(
      { ...options, config: { ...config, rules } },
      this.#staged,
      Math.max(LEAST_SECONDS, seconds),
    );
  }

  /** The way that is the faster of those that gave the same each time, and the quickest way to tell rest that does. */
  async #chosen(trials: Trials, met: Met): Promise<{ plan: WirePlan; ways: Ways }> {
    const { gate, settle } = this.#options.config;
    const plan: WirePlan = { service: gate ?? 'restart', settle: settle ?? met.settle, pool: met.pool };
    const ways: Ways = { restart: null, keep: null };
    for (const service of gate === null ? (['restart', 'keep'] as const) : [gate]) {
      ways[service] = await this.#tried(trials, { ...plan, service }, service === 'restart' || gate !== null);
    }
    const [best] = (Object.entries(ways) as [Service, Way | null][])
      .filter(([, way]) => way?.isSame)
      .toSorted(([, one], [, other]) => (one?.beganMs ?? 0) - (other?.beganMs ?? 0));
    if (!best) {
      this.#notes.push(NEVER_SAME);
      return { plan, ways };
    }
    const chosen = { ...plan, service: best[0] };
    return { plan: settle === null ? await this.#quicker(trials, chosen) : chosen, ways };
  }

  /** `isNeeded`: without it there is no way left, so its error is that of the survey. */
  async #tried(trials: Trials, plan: WirePlan, isNeeded: boolean): Promise<Way> {
    let beganMs: number | null = null;
    let isSame = true;
    for (let i = 0; i < EACH_WAY; i++) {
      const trial = await trials.run(plan);
      if (trial instanceof Error) {
        if (isNeeded && trials.executions === 0) throw trial;
        this.#notes.push(`With ${plan.service} it could not be executed: ${trial.message}`);
        return { beganMs: null, isSame: false };
      }
      beganMs = Math.min(beganMs ?? Number.POSITIVE_INFINITY, Math.round(trial.beganMs));
      isSame &&= trial.isSame;
    }
    return { beganMs, isSame };
  }

  /** Counting is quicker than looking at threads, and right for a service that never has two statements of one request. */
  async #quicker(trials: Trials, plan: WirePlan): Promise<WirePlan> {
    if (plan.settle !== 'sleep' || trials.first?.told.hadTwoAtOnce !== false) return plan;
    const counted = { ...plan, settle: 'count' as const };
    const trial = await trials.run(counted);
    return trial instanceof Error || !trial.isSame ? plan : counted;
  }
}

type Service = WirePlan['service'];
type Ways = Record<Service, Way | null>;

/** What is known of the service before it is executed. */
interface Met extends Pick<Survey, 'rules' | 'learned' | 'pool' | 'settle' | 'cloneMs'> {}

const POOL_UNKNOWN = `The size of the service's pool could not be seen, so that at most ${USUAL_POOL} requests are under way in it at once: --gate-pool says another.`;
const UNSEEN =
  'The threads of the service cannot be seen from here (it runs in a container, was started by a daemon, or this is no Linux): it is taken to be at rest after a few ms of silence, which is a weaker guarantee.';
const NEVER_SAME =
  'No two executions of one seed were the same, so a failure may not show each time: its proof says where they part, and why.';
