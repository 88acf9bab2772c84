/** What makes it pass: each cure is tried, and said with how often it passed. None is claimed that was not measured. */
import { type Cure, ISOLATION_LEVELS, type RunEvent } from '../../server/contract/index.ts';
import type { Findings, Laboratory, Tried, Variant } from './findings.ts';
import { AtomicSpan, WithoutRepeats } from './span.ts';

/** Operations of a whole run that a cure is tried on; a schedule alone is no evidence at another isolation level. */
const OPERATIONS = 400;
/** Seeds of whole runs, for each isolation level and for each try of a span. */
const SEEDS = { isolation: 8, span: 4 };
/** The count of the run's end that tells of transactions that failed to serialize. */
const RETRIES = 'a transaction failed to serialize';

export async function measureCures(found: Findings, lab: Laboratory): Promise<Cure[]> {
  const cures: Cure[] = [...measuredBefore(found)];
  // Cheapest first: when time is up, the rest is left out.
  const trials = [withoutFaults, withoutRepeats, rightService, isolationLevels, atomicSpan];
  for (const trial of trials) {
    if (lab.spent) break;
    cures.push(...(await trial(found, lab)));
  }
  return cures;
}

/** What finding the pair has shown already. */
function measuredBefore({ pair, serial }: Findings): Cure[] {
  const cures: Cure[] = [];
  if (pair) {
    cures.push({ ...only('turn', 'the read comes after what it was stale against'), passes: 1, of: 1 });
  }
  if (serial.of > 0) {
    const { passes, of, otherwise } = serial;
    cures.push({ ...only('serial', 'one request after another'), passes, of, otherwise });
  }
  return cures;
}

/** Without each fault that strikes, and without any. */
async function withoutFaults({ smallest, recording }: Findings, lab: Laboratory): Promise<Cure[]> {
  const { reduction } = smallest.config;
  const cures: Cure[] = [];
  if (smallest.faults.length === 0 || !reduction) return [];
  lab.stage('trying without faults');
  const each = smallest.faults.length > 1 ? smallest.faults.map((fault) => [fault]) : [];
  for (const muted of [smallest.faults, ...each]) {
    if (lab.spent) break;
    const config = { reduction: { ...reduction, muted: [...reduction.muted, ...muted] } };
    const tried = await lab.run({ config, frozen: recording.trace.calls });
    const what = muted.length === 1 ? `without ${muted[0]}` : 'without faults';
    cures.push(counted(only('without-faults', what), [tried]));
  }
  return cures;
}

/** Until everything else is through, nothing is asked twice. */
async function withoutRepeats({ recording }: Findings, lab: Laboratory): Promise<Cure[]> {
  if (!recording.requests.some(({ attempt, isDuplicate }) => attempt > 0 || isDuplicate)) return [];
  lab.stage('trying without repeats');
  const guide = new WithoutRepeats();
  const tried = await lab.run({ guide });
  // It broke only once the repeats had to be let in.
  const passes = tried.fails === 'no' || (tried.fails === 'same' && guide.fell > 0);
  const cure = only('without-repeats', 'without what is asked again');
  return [{ ...cure, passes: passes ? 1 : 0, of: 1, otherwise: tried.fails === 'otherwise' ? 1 : 0 }];
}

/** The service without the bug, in the very order. */
async function rightService({ subject }: Findings, lab: Laboratory): Promise<Cure[]> {
  if (!subject.config.bug) return [];
  lab.stage('trying the right service');
  return [
    counted(only('right-service', 'the right service, the same order'), [
      await lab.run({ config: { bug: null } }),
    ]),
  ];
}

/** Whole runs of several seeds at each level; the run's own level is there to compare with. */
async function isolationLevels({ subject }: Findings, lab: Laboratory): Promise<Cure[]> {
  // A service at an address, or behind a gate, sets its own.
  if (subject.target !== 'postgres' && !subject.target.startsWith('module:')) return [];
  if (subject.config.gate !== null) return [];
  const cures: Cure[] = [];
  for (const isolation of ISOLATION_LEVELS) {
    lab.stage(`trying ${words(isolation)}`);
    const tried = await wholeRuns(subject, lab, SEEDS.isolation, () => ({ config: { isolation } }));
    if (tried.length > 0) {
      const retries = tried.reduce((sum, { events }) => sum + retriesIn(events), 0);
      cures.push({ ...counted(only('isolation', words(isolation)), tried), retries });
    }
  }
  return cures;
}

/** The latest statement of the reader from which on a lock helps. */
async function atomicSpan({ pair, subject }: Findings, lab: Laboratory): Promise<Cure[]> {
  if (!pair) return [];
  const { request, read } = pair.stale;
  const last = pair.acts ?? request.statements.findLast(({ kind }) => kind === 'statement') ?? read;
  const texts = request.statements.flatMap(({ id, kind, text }) =>
    kind === 'statement' && id <= last.id ? [text] : [],
  );
  const measured = new Map<number, Cure>();
  const passesAt = async (at: number): Promise<boolean> => {
    const text = texts[at] as string;
    lab.stage(`trying a lock from "${text.trim().slice(0, 40)}" on`);
    const spans: AtomicSpan[] = [];
    const tried = await wholeRuns(subject, lab, SEEDS.span, () => {
      const guide = new AtomicSpan(text);
      spans.push(guide);
      return { guide };
    });
    const fell = spans.filter((span) => span.fell > 0).length;
    const cure = counted(only('span', spanWords(text)), tried);
    // A pass in which somebody was let in all the same proves nothing.
    const passes = tried.filter(({ fails }, i) => fails === 'no' && spans[i]?.fell === 0).length;
    measured.set(at, {
      ...cure,
      passes,
      otherwise: Math.max(cure.otherwise, Math.min(fell, tried.length - passes)),
    });
    return passes > 0 && passes === tried.length;
  };
  // Later spans are shorter: from some statement on they no longer help.
  let [good, bad] = [-1, texts.length];
  while (bad - good > 1 && !lab.spent) {
    const middle = good < 0 && bad === texts.length ? texts.indexOf(read.text) : Math.floor((good + bad) / 2);
    const at = Math.min(Math.max(middle, good + 1), bad - 1);
    if (await passesAt(at)) good = at;
    else bad = at;
  }
  return [...measured].flatMap(([at, cure]) => (at === good || (at === bad && good >= 0) ? [cure] : []));
}

type Whole = Pick<Findings['subject'], 'seed' | 'config'>;

/** Runs of whole seeds, the failing one first. */
async function wholeRuns(
  { seed, config }: Whole,
  lab: Laboratory,
  count: number,
  variant: () => Variant,
): Promise<Tried[]> {
  const tried: Tried[] = [];
  for (let i = 0; i < count && !lab.spent; i++) {
    const { config: changed, ...rest } = variant();
    const whole = {
      ...config,
      operations: Math.min(config.operations, OPERATIONS),
      reduction: null,
      ...changed,
    };
    tried.push(await lab.run({ ...rest, seed: seed + i, config: whole, frozen: null }));
  }
  return tried;
}

function retriesIn(events: readonly RunEvent[]): number {
  for (const { data } of events) {
    const counts = data['sometimes'];
    if (typeof counts === 'object' && counts !== null && RETRIES in counts)
      return Number(counts[RETRIES]) || 0;
  }
  return 0;
}

function counted(cure: Cure, tried: readonly Tried[]): Cure {
  const passes = tried.filter(({ fails }) => fails === 'no').length;
  return {
    ...cure,
    passes,
    of: tried.length,
    otherwise: tried.filter(({ fails }) => fails === 'otherwise').length,
  };
}

function only(kind: Cure['kind'], what: string): Cure {
  return { kind, what, passes: 0, of: 0, otherwise: 0, retries: null };
}

/** What a span from this statement on is called. */
export function spanWords(text: string): string {
  return `no other request of the object from "${oneLine(text)}" on`;
}

function words(isolation: string): string {
  return isolation.replace('-', ' ');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
