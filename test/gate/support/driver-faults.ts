/** What a service and its driver make of faults on the wire to the database: each fault alone, on the right form. */
import type { RunConfig, RunEvent } from '../../../server/contract/index.ts';
import { GatedService, type Template } from './gated-service.ts';
import type { GateService } from './services.ts';

export interface DriverFault {
  /** As people read it. */
  readonly title: string;
  readonly name: keyof RunConfig['faultRates'];
  /** How often it strikes, so that it does a few times in one execution. */
  readonly rate: number;
}

export const driverFaults: readonly DriverFault[] = [
  { title: 'backend killed', name: 'backend-kill', rate: 0.15 },
  { title: 'COMMIT done, answer lost', name: 'lost-commit', rate: 0.3 },
  { title: '40001', name: 'serialization-failure', rate: 0.15 },
  { title: '40P01', name: 'deadlock', rate: 0.15 },
  { title: 'slow statement', name: 'slow-statement', rate: 0.15 },
  { title: 'connections refused (53300)', name: 'connection-refused', rate: 0.05 },
  { title: 'pool exhausted', name: 'pool-exhaustion', rate: 0.05 },
  { title: 'crash', name: 'crash', rate: 0.03 },
];

export interface Struck {
  /** Answers to the requests that it struck, or that came while it lasted, and how many of each. */
  readonly answers: ReadonlyMap<string, number>;
  /** What else is worth a word. */
  readonly notes: readonly string[];
}

const SEED = 1;
const OPERATIONS = 40;

/** Executes a seed of the right service with this fault alone, twice. */
export async function struck(service: GateService, fault: DriverFault, template: Template): Promise<Struck> {
  const answers = new Map<string, number>();
  const notes: string[] = [];
  const gated = await GatedService.open(service, null, template);
  try {
    const given = { operations: OPERATIONS, faultRates: { [fault.name]: fault.rate }, prove: 1 };
    const { events, failure, proof } = await gated.seed(SEED, given);
    for (const answer of answersTo(fault.name, events)) answers.set(answer, (answers.get(answer) ?? 0) + 1);
    const ends = events.filter(({ data }) => data['what'] === 'the service ended by itself').length;
    if (ends > 0) notes.push(`*ended* × ${ends}`);
    if (failure) notes.push(`**FAIL**: ${failure.invariant}`);
    if (proof.identical < proof.executions) notes.push('not the same again');
  } catch (error) {
    notes.push(
      `**broken off**: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`,
    );
  } finally {
    await gated.close();
  }
  return { answers, notes };
}

/** In the order of the requests. A fault that is about the city strikes all that end while it lasts. */
function answersTo(name: string, events: readonly RunEvent[]): string[] {
  const faults = events.filter(({ type, data }) => type === 'fault' && data['name'] === name);
  const ops = new Set(faults.flatMap(({ data }) => (typeof data['op'] === 'number' ? data['op'] : [])));
  const spans = faults.flatMap(({ virtualMs, data }) => {
    const lasts = data['forMs'] ?? data['awayMs'];
    return typeof lasts === 'number' ? { from: virtualMs, to: virtualMs + lasts } : [];
  });
  return events.flatMap(({ type, virtualMs, data }) => {
    const [, outcome] = type.split('.');
    if (outcome !== 'ok' && outcome !== 'refused' && outcome !== 'unknown') return [];
    const isStruck =
      ops.has(data['op'] as number) || spans.some(({ from, to }) => from <= virtualMs && virtualMs <= to);
    if (!isStruck) return [];
    return outcome === 'unknown' ? causeInShort(String(data['cause'])) : 'served';
  });
}

function causeInShort(cause: string): string {
  return /answered (5\d\d)/.exec(cause)?.[1] ?? 'no answer';
}
