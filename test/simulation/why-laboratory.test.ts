/** What is tried to explain a failure: what says nothing of it is left out, and said to be. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { measureCures } from '../../runner/why/cures.ts';
import { staleReadsOf } from '../../runner/why/dependencies.ts';
import type { Findings, Recording, SerialFinding } from '../../runner/why/findings.ts';
import { KeptLaboratory } from '../../runner/why/laboratory.ts';
import { Probes } from '../../runner/why/probes.ts';
import { isOneAfterAnother, serialTests } from '../../runner/why/serial.ts';
import { isInOrder, Turn } from '../../runner/why/turn.ts';
import { wholeRuns } from '../../runner/why/whole-runs.ts';
import {
  type RunConfig,
  runConfigSchema,
  type Signature,
  type Smallest,
  signatureOf,
} from '../../server/contract/index.ts';
import { executed, neverStopped } from '../helpers/execute.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';

let database: TestPostgres;
let url: string;

beforeAll(async () => {
  database = await startTestPostgres();
  url = await database.createDatabase({ migrated: false });
});
afterAll(() => database.close());

const SMALL = { operations: 40, slots: 2, citizens: 6, concurrency: 6, faults: 'none' as const };
const SOME: Signature = signatureOf({ kind: 'invariant', invariant: 'seats', operation: null, actual: null });

interface Opened {
  readonly lab: KeptLaboratory;
  readonly subject: Findings['subject'] & { smallest: Smallest };
  readonly stages: string[];
}

/** A laboratory for a run that is small as it is. */
function open(seed: number, config: RunConfig, signature: Signature, maxSeconds = 300): Opened {
  const reduction = {
    operations: [...Array(config.operations).keys()],
    muted: [],
    schedule: null,
    variant: 0,
  };
  const smallest = { config: { ...config, reduction }, faults: [], ...signature } as unknown as Smallest;
  const subject = { scenario: 'bookings', target: 'postgres', seed, config, targetUrl: url, smallest };
  const stages: string[] = [];
  const onProgress = ({ stage }: { stage: string }) => stages.push(stage);
  const lab = new KeptLaboratory(subject, signature, { signal: neverStopped, maxSeconds, onProgress });
  return { lab, subject, stages };
}

/** Of the first seed that finds the bug. */
async function openFailing(bug: string, changed: object = {}): Promise<Opened> {
  const config = runConfigSchema.parse({ ...SMALL, bug, ...changed });
  for (let seed = 1; seed <= 100; seed++) {
    const { end } = await executed({ scenario: 'bookings', target: 'postgres', seed, config }, url);
    if (end.failForensic) return open(seed, config, signatureOf(end.failForensic));
  }
  throw new Error(`No seed up to 100 finds ${bug}.`);
}

/** As explaining begins: recorded, and recorded once more with every read asked again. */
async function recorded({
  lab,
}: Opened): Promise<{ recording: Recording; probes: () => Probes; read: Probes }> {
  const first = await lab.record({});
  if (!first) throw new Error('It did not fail again.');
  lab.frozen = first.trace.calls;
  const probes = () => new Probes(first.statements);
  const read = probes();
  const recording = await lab.record({ order: first.trace.steps }, read);
  if (!recording) throw new Error('It did not fail again in the same order.');
  return { recording, probes, read };
}

describe('an execution that says nothing', () => {
  it('is one that the time limit breaks off: it is no try at all', async () => {
    const { lab, subject, stages } = open(1, runConfigSchema.parse(SMALL), SOME, 1);
    try {
      lab.stage('trying');
      const hangs = { began: () => {}, settled: () => new Promise<void>(() => {}) };
      const tried = await wholeRuns(subject, lab, 1, () => ({ statements: hangs }));
      expect(tried).toEqual([]);
      expect(stages.at(-1)).toBe('trying, 1 broken off left out');
      expect(await lab.run({ statements: hangs })).toMatchObject({
        fails: 'unknown',
        discarded: 'broken off',
      });
    } finally {
      await lab.close();
    }
  });

  it('is one that did not go in the order asked, whatever came of it', async () => {
    const { lab, stages } = open(1, runConfigSchema.parse(SMALL), SOME);
    try {
      lab.stage('turning');
      const { trace } = await lab.run({});
      const last = trace.steps.at(-1) as string;
      const judge = (went: Parameters<typeof isInOrder>[0]) =>
        isInOrder(went) ? null : ('not in the order asked' as const);
      // It has to begin when others have ended, so it cannot take the first step.
      const impossible = await lab.run({ order: Array<string>(500).fill(last), judge });
      expect(impossible).toMatchObject({ fails: 'unknown', discarded: 'not in the order asked' });
      expect(stages.at(-1)).toBe('turning, 1 not in the order asked left out');
      expect(lab.leftOut).toEqual([
        'Left out of what is counted, as they show nothing: 1 not in the order asked.',
      ]);
      expect(await lab.run({ order: trace.steps, judge })).toMatchObject({ fails: 'no', discarded: null });
    } finally {
      await lab.close();
    }
  });

  it('is a pass at an isolation level under which nobody met anybody', async () => {
    const serial: SerialFinding = {
      verdict: 'unknown',
      ...{ passes: 0, same: 0, otherwise: 0, of: 0, failing: null, order: null },
      whole: { passes: 0, same: 0, of: 0 },
    };
    for (const concurrency of [1, 6]) {
      const { lab, subject } = open(1, runConfigSchema.parse({ ...SMALL, concurrency }), SOME);
      try {
        const recording = { requests: [] } as unknown as Recording;
        const found = { subject, smallest: subject.smallest, recording, serial, pair: null };
        const cures = await measureCures(found as unknown as Findings, lab);
        const levels = cures.filter(({ kind }) => kind === 'isolation');
        if (concurrency === 1) expect(levels).toEqual([]);
        else {
          expect(levels.map(({ what }) => what)).toContain('serializable');
          for (const { passes, of } of levels) expect([passes, of > 3]).toEqual([of, true]);
        }
      } finally {
        await lab.close();
      }
    }
  });
});

describe('one request after another', () => {
  it('is what the steps of an execution show', () => {
    expect(isOneAfterAnother(['1.0', '1.0', '2.0'], ['1.0', '2.0'])).toBe(true);
    // One that never came, and one that nobody has asked for.
    expect(isOneAfterAnother(['1.0', '2.0', '9.0', '3.0'], ['1.0', '2.0', '2.1', '3.0'])).toBe(true);
    expect(isOneAfterAnother(['2.0', '1.0'], ['1.0', '2.0'])).toBe(false);
    expect(isOneAfterAnother(['1.0', '2.0', '1.0'], ['1.0', '2.0'])).toBe(false);
  });

  it('passes where requests have to meet, in the reduction and in whole runs; turned round it passes too', async () => {
    const opened = await openFailing('check-then-insert');
    const { lab, subject } = opened;
    try {
      const { recording, probes, read } = await recorded(opened);
      const { requests, forensic } = recording;
      const accused = requests.find(({ op }) => op === forensic.operation?.['op']) ?? null;
      const stale = staleReadsOf(recording, read);
      const turned = [];
      for (const each of stale) {
        const guide = new Turn(each, recording, 'transaction');
        expect([...guide.order].sort()).toEqual([...recording.trace.steps].sort());
        expect(guide.order).not.toEqual(recording.trace.steps);
        const tried = await lab.run({ guide, order: guide.order });
        if (tried.fails === 'no' && isInOrder(tried)) turned.push(each);
      }
      expect(turned.length).toBeGreaterThan(0);
      const serial = await serialTests({ subject, recording, accused }, lab, probes);
      expect(serial).toMatchObject({ verdict: 'passes', same: 0, failing: null });
      expect(serial.of).toBeGreaterThan(0);
      expect(serial.whole).toEqual({ passes: 8, same: 0, of: 8 });
    } finally {
      await lab.close();
    }
  });

  it('fails where nobody has to be met, and is recorded at once', async () => {
    const opened = await openFailing('cancel-by-citizen');
    const { lab, subject } = opened;
    try {
      const { recording, probes } = await recorded(opened);
      const before = lab.executions;
      const serial = await serialTests({ subject, recording, accused: null }, lab, probes);
      expect(serial.verdict).toBe('fails');
      expect(serial.same + serial.whole.same).toBeGreaterThan(0);
      expect(serial.failing === null).toBe(serial.same === 0);
      expect(serial.failing?.commits.some(({ changes }) => (changes?.length ?? 0) > 0) ?? true).toBe(true);
      // Each of the orders, and each of the whole runs, once.
      expect(lab.executions - before).toBe(serial.of + serial.whole.of);
    } finally {
      await lab.close();
    }
  });
});
