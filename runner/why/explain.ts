/**
 * Why a shrunk run fails: its statements are recorded, every read is asked again after each commit, and what was stale is turned
 * round until it passes. What is not shown is not said.
 */
import {
  type Cure,
  type ExplainProgress,
  formatReduction,
  isLive,
  type Reduction,
  type Smallest,
  signatureOf,
  type Why,
  type WhyKind,
} from '../../server/contract/index.ts';
import type { StopSignal } from '../harness/execute.ts';
import { rounded } from '../harness/rounded.ts';
import type { Subject } from '../shrink/candidate.ts';
import { orderOf } from '../shrink/step-order.ts';
import type { WatchedStatement } from '../targets/statements.ts';
import { cacheRaceIn } from './cache-race.ts';
import { rankedCandidates } from './candidates.ts';
import { type FoundCause, findCause } from './cause.ts';
import { measureCures } from './cures.ts';
import { dependenciesOf, staleReadsOf } from './dependencies.ts';
import type { Cause, Findings, Pair, RecordedRequest, Recording } from './findings.ts';
import { interleavingKind, pairOf } from './interleaving.ts';
import { KeptLaboratory } from './laboratory.ts';
import { anomalyName } from './name.ts';
import { Probes } from './probes.ts';
import { serialTests } from './serial.ts';
import { type Highlights, type Story, storyOf } from './story.ts';
import { passesInOrder, Turn } from './turn.ts';
import { curesConclusion, needs, pairConclusion, pairSentence, unknownSentence } from './words.ts';

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
  const pair = found.serial.verdict === 'fails' ? null : await turned(found, lab);
  const known: Findings = { ...found, pair };
  lab.stage('looking for what is wrong without any meeting');
  const cause = pair === null && known.recording.statements.length > 0 ? findCause(known) : null;
  const cached = pair === null && cause === null ? cacheRaceIn(known) : null;
  lab.stage('measuring what makes it pass');
  const cures = lab.spent ? [] : await measureCures(known, lab);
  return composed(known, cached ?? pair, cached ? 'cache-race' : null, cause, cures, lab);
}

/** The first candidate that passes when it is turned round. */
async function turned(found: Findings, lab: KeptLaboratory): Promise<Pair | null> {
  const candidates = rankedCandidates(found.staleReads, found.recording, found.accused);
  for (const [i, stale] of candidates.entries()) {
    if (lab.spent) return null;
    lab.stage(`turning what was stale, ${i + 1} of ${candidates.length}`);
    for (const from of ['read', 'transaction'] as const) {
      const guide = new Turn(stale, found.recording, from);
      const turned = await lab.run({ guide, order: guide.order, judge: passesInOrder });
      if (turned.fails === 'no') return pairOf(stale, found.recording);
      if (turned.discarded === null && turned.gaveWay === 0) break;
    }
  }
  return null;
}

function composed(
  found: Findings,
  pair: Pair | null,
  given: WhyKind | null,
  foundCause: FoundCause | null,
  cures: readonly Cure[],
  lab: KeptLaboratory,
): Why {
  const { smallest } = found;
  const cause = foundCause?.cause ?? null;
  // What is drawn is the execution whose statements are named.
  const recording = foundCause?.recording ?? found.recording;
  const kind = given ?? (pair ? interleavingKind(pair, recording) : (cause?.kind ?? 'unknown'));
  const name = pair && given === null && kind !== 'repeat-race' ? anomalyName(pair, found) : null;
  const story = storyOf(recording, highlightsOf(found, pair, cause), !smallest.config.redactValues);
  const { sentence, conclusion } = said(found, pair, given, kind, name, cause, story);
  const read = pair ? pair.stale.read : (cause?.read ?? null);
  const write = pair ? pair.write : (cause?.write ?? null);
  const [readStep, writeStep] = [read && story.stepOf(read), write && story.stepOf(write)];
  const reduction = lab.base.reduction ?? smallest.config.reduction;
  return {
    version: 1,
    source: recording.statements.length > 0 ? 'statements' : 'answers',
    kind,
    name,
    sentence,
    conclusion: [...conclusion, ...curesConclusion(cures), ...lab.leftOut],
    lanes: story.lanes,
    steps: story.steps,
    pair:
      readStep !== null || writeStep !== null
        ? { read: (readStep ?? writeStep) as number, write: (writeStep ?? readStep) as number }
        : null,
    cures: [...cures].slice(0, 50),
    reduction: reduction === null ? '' : formatReduction(reduction),
    notAsAsked: found.recording.trace.notAsAsked,
    executions: lab.executions,
    seconds: rounded(lab.seconds),
  };
}

function said(
  found: Findings,
  pair: Pair | null,
  given: WhyKind | null,
  kind: WhyKind,
  name: string | null,
  cause: Cause | null,
  story: Story,
): { sentence: string; conclusion: readonly string[] } {
  if (pair) {
    const conclusion = pairConclusion(pair, kind, name, found, story);
    // A cache was not turned round.
    return {
      sentence: pairSentence(pair, kind, story),
      conclusion: given === null ? conclusion : conclusion.filter((line) => !line.startsWith('Passes when')),
    };
  }
  if (cause) return { sentence: cause.sentence, conclusion: [...cause.conclusion, needs(found)] };
  if (found.recording.statements.length === 0) {
    return {
      sentence: `These answers cannot all be true: ${found.recording.forensic.message}`,
      conclusion: [
        needs(found),
        'The target has no statements, so what happened between the answers is not seen.',
      ],
    };
  }
  return { sentence: unknownSentence(found), conclusion: [needs(found)] };
}

function highlightsOf(found: Findings, pair: Pair | null, cause: Cause | null): Highlights {
  const roles = new Map<RecordedRequest, 'accused' | 'partner'>();
  const marks = new Map<number, string>(cause?.marks ?? []);
  const matters = new Set<number>();
  const shown = (statement: WatchedStatement | null, mark: string) => {
    if (statement === null) return;
    matters.add(statement.id);
    if (mark !== '' && !marks.has(statement.id)) marks.set(statement.id, mark);
  };
  if (pair) {
    roles.set(pair.writer, 'partner');
    roles.set(pair.stale.request, 'accused');
    for (const commit of pair.stale.commits) {
      if (commit.request && !roles.has(commit.request)) roles.set(commit.request, 'partner');
      shown(commit.statement, '');
    }
    shown(pair.stale.read, 'read: does not see it');
    shown(pair.write, 'changes what was read');
    shown(pair.acts, 'acts on it');
  } else {
    const accused = cause?.request ?? found.accused;
    if (accused) roles.set(accused, 'accused');
    shown(cause?.read ?? null, 'looks wrongly');
    shown(cause?.write ?? null, 'wrong effect');
  }
  for (const id of marks.keys()) matters.add(id);
  return { marks, roles, matters };
}
