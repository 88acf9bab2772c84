/** A slot with thousands of seats: judged as soon as a small one, as far as people can tell. */
import { expect, it } from 'vitest';
import { CONTRACT_RULES, type DeclaredRules, withDeclared } from '../../server/contract/index.ts';
import { applyStep, book, cancel, ok, read, type Step, slotChecker } from '../helpers/slot-history.ts';

const SEATS = 2_000;
/** CPU time for everything, far more than it takes. */
const SOON_MS = 20_000;

/** Batches of citizens ask at once; after each batch the slot is read while the next one is under way. */
function* filling(batch: number): Generator<Step> {
  for (let first = 1; first <= SEATS; first += batch) {
    const those = Array.from({ length: batch }, (_, i) => first + i);
    for (const n of those) yield { kind: 'invoke', id: n, call: book(`c${n}`, `k${n}`) };
    if (first > 1) {
      yield { kind: 'invoke', id: -first, call: read };
      const bookings = Array.from({ length: first - 1 }, (_, i) => ({
        id: `b${i + 1}`,
        citizen: `c${i + 1}`,
      }));
      yield {
        kind: 'complete',
        id: -first,
        answer: { outcome: 'ok', capacity: SEATS, open: true, bookings },
      };
    }
    for (const n of those.toReversed()) yield { kind: 'complete', id: n, answer: ok(`b${n}`) };
  }
}

for (const [name, declared] of Object.entries<DeclaredRules>({
  'by the contract': {},
  'with several bookings for one citizen and no keys': { onePerCitizen: false, keys: false },
})) {
  it(`${SEATS} bookings fill ${SEATS} seats ${name}`, { timeout: 120_000 }, () => {
    const began = process.cpuUsage();
    const checker = slotChecker(SEATS, {}, withDeclared(CONTRACT_RULES, declared));
    for (const step of filling(20)) expect(applyStep(checker, step)).toBe(true);
    const late = [book('late', 'k'), book('later', 'k')];
    late.forEach((call, i) => {
      checker.invoke(10_000 + i, call);
      checker.invoke(20_000 + i, cancel(`b${i + 1}`));
    });
    expect(checker.complete(10_000, ok('b-late')).ok).toBe(true);
    expect(checker.complete(20_000, ok()).ok).toBe(true);
    expect(checker.complete(20_001, ok()).ok).toBe(true);
    expect(checker.complete(10_001, { outcome: 'refused', reason: 'full' }).ok).toBe(true);
    checker.invoke(30_000, book('last', 'k'));
    expect(checker.complete(30_000, ok('b-last')).ok).toBe(true);
    checker.invoke(30_001, book('too late', 'k'));
    expect(checker.complete(30_001, ok('b-too-late')).ok).toBe(false);
    expect(process.cpuUsage(began).user / 1_000).toBeLessThan(SOON_MS);
  });
}
