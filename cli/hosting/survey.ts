/** The survey of a service behind the gate, before its run is launched: what it found out becomes settings of the run. */
import {
  type GateOrder,
  type Launch,
  type Modules,
  RUN_SETTINGS,
  type RunConfig,
  runConfigSchema,
  type Survey,
} from '../../server/contract/index.ts';
import { surveyLines } from '../output/survey.ts';
import type { Context } from '../process/context.ts';
import { CliError, EXIT } from '../process/errors.ts';
import { safeLines, safeText } from '../run/sanitize.ts';
import { startWorker, WorkerError } from './worker.ts';

export interface SurveyRequest {
  launch: Launch;
  /** The URL of the service, with user and password where it needs them. */
  target: string;
  seed: number;
  gate: GateOrder;
  exec: string;
  modules: Modules | null;
  /** The database on which clones are made when no template is named. */
  targetUrl: string | null;
  /** Takes a sentence; safe to print. */
  say: (message: string) => void;
}

/** What a survey is there to find out. */
const FOUND_OUT = ['gate', 'settle', 'pool'] as const;

/**
 * The launch, with what the survey of its service found out. What was given by hand is left as it is, and where all of
 * it was, nothing is surveyed. @throws CliError with exit code 2, so that nothing is launched.
 */
export async function surveyed(context: Context, request: SurveyRequest): Promise<Launch> {
  const { launch, say } = request;
  const config = runConfigSchema.parse(launch.config ?? {});
  if (FOUND_OUT.every((name) => config[name] !== null)) return launch;
  const survey = await askWorker(context, request, config);
  for (const line of surveyLines(survey)) say(line);
  return { ...launch, config: { ...launch.config, ...settingsOf(survey, config) } };
}

function settingsOf(survey: Survey, given: RunConfig): Partial<RunConfig> {
  return {
    gate: given.gate ?? survey.service,
    settle: given.settle ?? survey.settle,
    pool: given.pool ?? survey.pool,
    rules: { ...survey.rules, ...given.rules },
  };
}

async function askWorker(context: Context, request: SurveyRequest, config: RunConfig): Promise<Survey> {
  const { launch, target, seed, gate, exec, modules, targetUrl, say } = request;
  const { scenario = RUN_SETTINGS.scenario.default } = launch;
  say('surveying the service behind the gate');
  const worker = startWorker(context, {
    do: 'survey',
    ...{ scenario, target, seed, config, gate, exec, targetUrl },
    modules: modules ?? undefined,
  });
  try {
    for await (const line of worker.lines()) {
      if ('surveying' in line) say(safeText(line.surveying));
      if ('surveyed' in line) return line.surveyed;
    }
  } catch (error) {
    if (error instanceof WorkerError) throw unfit(error.why);
    throw error;
  } finally {
    await worker.close();
  }
  throw new Error('The worker ended without a survey.');
}

function unfit(why: string): CliError {
  return new CliError(`the service cannot be tested behind the gate: ${safeLines(why)}`, {
    exitCode: EXIT.usage,
    hint: 'Nothing was launched.',
  });
}
