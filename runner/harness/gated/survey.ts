/**
 * Finds out, before a run is launched, how a service behind the gate is best tested: that it speaks to the gate at all,
 * what rules it keeps, how large its pool is, how it is known that it has settled, and how each execution begins afresh.
 */
import {
  type DeclaredRules,
  type GateOrder,
  mergedRules,
  type RunConfig,
  type ServiceRules,
  type Survey,
} from '../../../server/contract/index.ts';
import { citizenNames } from '../../scenarios/bookings/calls.ts';
import { beginWorkload, findScenario } from '../../scenarios/registry.ts';
import { CookieJars } from '../../targets/http/cookies.ts';
import { PREPARING_LIMIT_MS, preparingSend, withinLimit } from '../../targets/http/preparing.ts';
import { Wire } from '../../targets/http/wire.ts';
import { findPool, sawDatabase } from '../../targets/pgwire/probe.ts';
import type { ExecuteOptions, StopSignal } from '../execute-options.ts';
import { apiOf } from '../live/api-of.ts';
import { ANSWER_LIMIT_MS } from '../live/client.ts';
import { plainSend } from '../live/performance.ts';
import { runRulesOf } from '../live/run-rules.ts';
import { type StagedService, stageService } from './staged-service.ts';
import { Trials } from './trials.ts';

export interface SurveyOptions {
  scenario: string;
  target: string;
  targetUrl: string | null;
  exec: string;
  gate: GateOrder;
  seed: number;
  /** What is given already is heeded, and not found out again. */
  config: RunConfig;
  signal: StopSignal;
  /** Told what is being found out, for people. */
  tell: (text: string) => void;
}

/** @throws Error that says what to do when the service cannot be tested behind a gate. */
export async function survey(options: SurveyOptions): Promise<Survey> {
  const { tell } = options;
  tell('finding a way to clone the database');
  const staged = await stageService(options, { say: tell });
  try {
    return await new Surveyor(options, staged).survey();
  } finally {
    await staged.stage.close();
  }
}
