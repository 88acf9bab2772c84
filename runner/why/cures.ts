/** What makes it pass: each cure is tried, and said with how often it passed. None is claimed that was not measured. */

import { type Cure, ISOLATION_LEVELS, type RunEvent } from '../../server/contract/index.ts';
import type { Fails } from '../harness/failure-tally.ts';
import { oneLine } from '../service/in-short.ts';
import type { Discarded, Findings, Laboratory, Tried } from './findings.ts';
import { AtomicSpan, WithoutRepeats } from './span.ts';
import { passesInOrder } from './turn.ts';
import { seedsFor, wholeRuns } from './whole-runs.ts';

/** Seeds of whole runs, for each isolation level and for each try of a span. */
const SEEDS = { isolation: 8, span: 4 };
/** The counts of the run's end that tell of transactions that met. */
const RETRIES = 'a transaction failed to serialize';
const WAITS = 'a transaction waited for a lock';

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
  const { passes, of, same } = serial.whole;
  if (of > 0) {
    const what = 'whole runs, one request at a time and without faults';
    cures.push({ ...only('serial', what), passes, of, otherwise: of - passes - same });
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
    cures.push(...counted(only('without-faults', what), [tried]));
  }
  return cures;
}

/** Until everything else is through, nothing is asked twice. */
async function withoutRepeats({ recording }: Findings, lab: Laboratory): Promise<Cure[]> {
  if (!recording.requests.some(({ attempt, isDuplicate }) => attempt > 0 || isDuplicate)) return [];
  lab.stage('trying without repeats');
  const guide = new WithoutRepeats();
  const tried = await lab.run({ guide });
  if (tried.discarded) return [];
  // It broke only once the repeats had to be let in.
  const passes = tried.fails === 'no' || (tried.fails === 'same' && guide.fell > 0);
  const cure = only('without-repeats', 'without what is asked again');
  return [{ ...cure, passes: passes ? 1 : 0, of: 1, otherwise: tried.fails === 'otherwise' ? 1 : 0 }];
}

/** The service without the bug, in the very order. */
async function rightService({ subject }: Findings, lab: Laboratory): Promise<Cure[]> {
  if (!subject.config.bug) return [];
  lab.stage('trying the right service');
  // It may take other steps, and make others wait: that is what it is right by.
  const tried = await lab.run({ config: { bug: null }, judge: passesInOrder });
  return counted(only('right-service', 'the right service, the same order'), [tried]);
}

/** Whole runs of several seeds at each level; the run's own level is there to compare with. */
async function isolationLevels({ subject }: Findings, lab: Laboratory): Promise<Cure[]> {
  // A service at an address, or behind a gate, sets its own.
  if (subject.target !== 'postgres' && !subject.target.startsWith('module:')) return [];
  if (subject.config.gate !== null) return [];
  const cures: Cure[] = [];
  for (const isolation of ISOLATION_LEVELS) {
    lab.stage(`trying ${words(isolation)}`);
    const tried = await wholeRuns(subject, lab, SEEDS.isolation, () => ({
      config: { isolation },
      // Where nobody met anybody, no level has kept them apart.
      judge: ({ fails, events }) =>
        fails === 'no' && counts(events, RETRIES) + counts(events, WAITS) === 0
          ? 'without any conflict'
          : null,
    }));
    const retries = tried.reduce((sum, { events }) => sum + counts(events, RETRIES), 0);
    cures.push(...counted({ ...only('isolation', words(isolation)), retries }, tried));
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
    const tried = await wholeRuns(subject, lab, seedsFor(subject, SEEDS.span), () => {
      const guide = new AtomicSpan(text);
      return { guide, judge: ({ fails }) => spanDiscarded(guide, fails) };
    });
    const [cure = null] = counted(only('span', spanWords(text)), tried);
    if (cure) measured.set(at, cure);
    return cure !== null && cure.passes === cure.of;
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

/** One in which somebody was let in all the same proves nothing, and neither does a pass in which nobody was kept out. */
function spanDiscarded({ fell, hasHeld }: AtomicSpan, fails: Fails): Discarded | null {
  if (fell > 0) return 'not in the order asked';
  return fails === 'no' && !hasHeld ? 'without any conflict' : null;
}

/** What the end of a run counts of this. */
function counts(events: readonly RunEvent[], what: string): number {
  for (const { data } of events) {
    const known = data['sometimes'];
    if (typeof known === 'object' && known !== null && what in known)
      return Number((known as Record<string, unknown>)[what]) || 0;
  }
  return 0;
}

/** Of those that say something; none: nothing is claimed. */
function counted(cure: Cure, all: readonly Tried[]): Cure[] {
  const tried = all.filter(({ discarded }) => discarded === null);
  if (tried.length === 0) return [];
  const count = (fails: Fails) => tried.filter((each) => each.fails === fails).length;
  return [{ ...cure, passes: count('no'), of: tried.length, otherwise: count('otherwise') }];
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
