/**
 * Why a shrunk run fails: its statements are recorded, every read is asked again after each commit, and what was stale is turned
 * round until it passes. What is not shown is not said.
 */
import {
  type ExplainProgress,
  isLive,
  type Reduction,
  type Smallest,
  signatureOf,
  type Why,
} from '../../server/contract/index.ts';
import type { StopSignal } from '../harness/execute.ts';
import { beginWorkload, findScenario } from '../scenarios/registry.ts';
import type { Subject } from '../shrink/candidate.ts';
import { orderOf } from '../shrink/step-order.ts';
import type { KnownByAnswers } from './answer-words.ts';
import { contradiction, observes } from './answers.ts';
import { cacheRaceIn } from './cache-race.ts';
import { findCause } from './cause.ts';
import { composed, composedOfAnswers, type Linked } from './compose.ts';
import { measureCures } from './cures.ts';
import { dependenciesOf, staleReadsOf } from './dependencies.ts';
import type { Findings, RecordedRequest, Recording } from './findings.ts';
import { KeptLaboratory } from './laboratory.ts';
import { Probes } from './probes.ts';
import { turnedRequests } from './request-turn.ts';
import { eventsOfRun } from './run-events.ts';
import { serialTests } from './serial.ts';
import { tornWriteIn } from './torn-write.ts';
import { turned, turnedLooks } from './turned.ts';

export interface ExplainOptions {
  signal: StopSignal;
  maxSeconds: number;
  onProgress: (progress: ExplainProgress) => void;
}

export type Explained = Subject & { smallest: Smallest };

/** The why, or why there is none. */
export async function explain(subject: Explained, options: ExplainOptions): Promise<Why | string> {
  if (isLive(subject.target, subject.config)) {
    return 'the service runs by itself, so that its order cannot be repeated: --gate would show its statements';
  }
  const lab = new KeptLaboratory(subject, signatureOfSmallest(subject), options);
  try {
    return await explained(subject, lab);
  } finally {
    await lab.close();
  }
}

function signatureOfSmallest({ smallest, signature }: Explained) {
  return signature ?? signatureOf({ ...smallest, operation: null });
}

async function explained(subject: Explained, lab: KeptLaboratory): Promise<Why | string> {
  lab.stage('recording the statements');
  const first = await recordedAgain(subject, lab);
  if (first === null) {
    return lab.spent ? 'its time was up' : 'the smallest reproduction did not fail again in the same way';
  }
  const { base } = lab;
  lab.base = withOrder(base, first);
  lab.frozen = first.trace.calls;
  lab.stage('asking every read again after each commit');
  const probes = new Probes(first.statements);
  const probed = await lab.record({}, probes);
  if (probed === null) lab.base = base;
  const recording = probed ?? first;
  const accused = accusedOf(recording);
  lab.stage('one request after another');
  const serial = await serialTests({ subject, recording, accused }, lab, () => new Probes(first.statements));
  const isProbed = probed !== null && recording.statements.length > 0;
  const found: Findings = {
    subject,
    smallest: subject.smallest,
    recording,
    isProbed,
    accused,
    staleReads: isProbed ? staleReadsOf(recording, probes) : [],
    dependencies: isProbed ? dependenciesOf(recording, probes) : [],
    serial,
    pair: null,
  };
  return await concluded(found, lab);
}

/** As it is stored: the first execution says in which way it fails, where nobody else has. */
async function recordedAgain({ signature }: Explained, lab: KeptLaboratory): Promise<Recording | null> {
  if (signature) return await lab.record({});
  const { forensic } = await lab.run({});
  if (forensic === null) return null;
  lab.signature = signatureOf(forensic);
  return await lab.record({});
}

function withOrder(config: Smallest['config'], { trace }: Recording): Smallest['config'] {
  if (config.reduction === null) return config;
  const reduction: Reduction = { ...config.reduction, schedule: null, order: orderOf(trace.steps) };
  return { ...config, reduction };
}

function accusedOf({ forensic, requests }: Recording): RecordedRequest | null {
  const op = forensic.operation?.['op'];
  return requests.find((request) => request.op === op) ?? null;
}

async function concluded(found: Findings, lab: KeptLaboratory): Promise<Why> {
  // What fails one after another needs nobody's order: no pair is to blame for it.
  const pair =
    found.serial.verdict === 'fails'
      ? null
      : ((await turned(found, lab)) ?? (await tornWriteIn(found, lab)) ?? (await turnedLooks(found, lab)));
  const known: Findings = { ...found, pair };
  lab.stage('looking for what is wrong without any meeting');
  const cause = pair === null && known.recording.statements.length > 0 ? await findCause(known, lab) : null;
  const cached = pair === null && cause === null ? cacheRaceIn(known) : null;
  const hasStatements = known.recording.statements.length > 0;
  const byAnswers = pair || cause || cached ? null : await knownByAnswers(known, !hasStatements, lab);
  lab.stage('finding its requests in the run');
  const linked: Linked = lab.spent ? new Map() : await eventsOfRun(known, lab);
  lab.stage('measuring what makes it pass');
  const cures = lab.spent ? [] : await measureCures(known, lab);
  if (byAnswers && !hasStatements) return composedOfAnswers(known, byAnswers, cures, linked, lab);
  const given = cached ? 'cache-race' : null;
  const carrying = byAnswers?.carrying ?? null;
  return composed(known, { pair: cached ?? pair, given, cause, carrying }, cures, linked, lab);
}

/** What can be said without knowing what happened inside; `turns`: also requests as wholes are turned round. */
async function knownByAnswers(found: Findings, turns: boolean, lab: KeptLaboratory): Promise<KnownByAnswers> {
  const { subject, recording, serial } = found;
  lab.stage('looking for the answers that cannot be true together');
  const scenario = findScenario(subject.scenario);
  const begin = () => beginWorkload(scenario, subject.seed, lab.base);
  const carrying = contradiction(recording, begin);
  const workload = begin();
  // What fails in an order of its own, one after another, needs nobody's overlap.
  const isOfOrder = turns && serial.verdict === 'passes' && !lab.spent;
  const looksOnly = (request: RecordedRequest) => observes(request, workload);
  const turn = isOfOrder ? await turnedRequests(recording, carrying ?? [], looksOnly, lab) : null;
  return { carrying, turn };
}
