/** What keeps the search of `stays` short, against the same model without it: the same verdict at the same answer. */
import { describe, expect, it } from 'vitest';
import { LinearizabilityChecker } from '../../runner/checkers/linearizability/index.ts';
import { ANY_TIME } from '../../runner/checkers/model.ts';
import { stayModel } from '../../runner/scenarios/stays/model.ts';
import {
  freeUnits,
  madeBy,
  type ResourceAnswer,
  type ResourceCall,
  type ResourceState,
  type Take,
} from '../../runner/scenarios/stays/resource.ts';
import { Prng } from '../../runner/sim/prng.ts';
import { firstWrong, type HistoryStep } from '../helpers/first-wrong.ts';

const HISTORIES = Number(process.env['SIMCITY_ORACLE_HISTORIES'] ?? 1_500);
const SEED = Number(process.env['SIMCITY_ORACLE_SEED'] ?? 1);
const MODEL = stayModel('Europe/Berlin');
const { hopeless: _h, relevant: _r, observes: _o, changes: _c, ...BARE } = MODEL;
const WORLD = { zone: 'Europe/Berlin', resources: [{ id: 'room', units: 2, buffer: 30 }] };
const OPERATIONS = 9;

type Step = HistoryStep<ResourceCall, ResourceAnswer>;

describe('the model of a resource', () => {
  it(`rules out nothing that is possible, in ${HISTORIES} histories`, { timeout: 600_000 }, () => {
    const tally = { right: 0, wrong: 0 };
    for (let seed = SEED; seed < SEED + HISTORIES; seed++) {
      const prng = new Prng(seed, 'operation');
      const steps = prng.chance(0.6) ? falsified(prng, history(prng)) : history(prng);
      const found = firstWrong(checkerOf(MODEL), steps);
      expect(found, `seed ${seed}: ${JSON.stringify(steps)}`).toBe(firstWrong(checkerOf(BARE), steps));
      tally[found === null ? 'right' : 'wrong']++;
    }
    // Without enough of each kind the agreement would prove little.
    expect(tally.right).toBeGreaterThan(HISTORIES / 5);
    expect(tally.wrong).toBeGreaterThan(HISTORIES / 10);
  });
});

const checkerOf = (model: typeof BARE) =>
  new LinearizabilityChecker(model, 'room', { world: WORLD, foldEvery: 4 });

/** Up to three calls at a time at a resource that does everything right; some get no answer. */
function history(prng: Prng): Step[] {
  const steps: Step[] = [];
  const waiting = new Map<number, ResourceCall>();
  const answered = new Map<number, ResourceAnswer>();
  let state = MODEL.initial('room', WORLD);
  for (let next = 0; next < OPERATIONS || waiting.size + answered.size > 0; ) {
    const roll = prng.below(3);
    if (roll === 0 && next < OPERATIONS && waiting.size + answered.size < 3) {
      const call = drawn(prng, next);
      waiting.set(next, call);
      steps.push({ kind: 'invoke', id: next++, call });
    } else if (roll === 1 && waiting.size > 0) {
      const [id, call] = prng.pick([...waiting]);
      waiting.delete(id);
      const done = doneTo(prng, state, call);
      state = done.state;
      answered.set(id, done.answer);
    } else if (answered.size > 0) {
      const [id, answer] = prng.pick([...answered]);
      answered.delete(id);
      steps.push(prng.chance(0.15) ? { kind: 'expire', id } : { kind: 'complete', id, answer });
    }
  }
  return steps;
}

function drawn(prng: Prng, n: number): ResourceCall {
  const from = prng.below(5) * 60;
  const range = { from, to: from + 60 * (1 + prng.below(2)) };
  const id = `b-${prng.below(Math.max(1, Math.min(n, 4)))}`;
  switch (prng.below(9)) {
    case 0:
      return { operation: 'read' };
    case 1:
      return { operation: 'search', ...range };
    case 2:
      return { operation: 'leave', id };
    case 3:
      return { operation: 'move', id, ...range };
    case 4:
      return { operation: 'resize', id, to: range.to };
    case 5:
      return { operation: 'enter', id: `e-${n}`, ...range };
    default:
      return { operation: 'take', takes: [takeOf(n % 5)] };
  }
}

/** A repeat of a request asks for what it asked for. */
function takeOf(k: number): Take {
  const from = [0, 60, 60, 120, 180][k] as number;
  return { id: `b-${k}`, unit: k % 2 === 0 ? 1 : null, from, to: from + (k === 2 ? 120 : 60) };
}

function doneTo(
  prng: Prng,
  state: ResourceState,
  call: ResourceCall,
): { state: ResourceState; answer: ResourceAnswer } {
  if (call.operation === 'read') {
    const { units, buffer, stays: bookings } = state;
    return { state, answer: { outcome: 'ok', calendar: { units, buffer, bookings } } };
  }
  if (call.operation === 'search') return { state, answer: { outcome: 'ok', units: freeUnits(state, call) } };
  const made = call.operation === 'take' ? madeBy(state, call.takes) : null;
  if (made !== null) return { state, answer: { outcome: 'ok', units: numbersOf(made) } };
  const ways = MODEL.effects(state, call, ANY_TIME);
  if (ways.length > 0) {
    const way = prng.pick(ways);
    return { state: way.state, answer: { outcome: 'ok', units: numbersOf(way.outcome) } };
  }
  const reason = prng.pick(MODEL.describe(state, call, ANY_TIME)).replace('refused: ', '');
  return { state, answer: { outcome: 'refused', reason } };
}

function numbersOf(text: string): number[] {
  return text === '' ? [] : text.split(',').map(Number);
}

/** With another answer to one call. */
function falsified(prng: Prng, steps: readonly Step[]): readonly Step[] {
  const ends = steps.filter((step) => step.kind === 'complete');
  if (ends.length === 0) return steps;
  const lie = prng.pick(ends);
  return steps.map((step) => (step === lie ? { ...lie, answer: otherThan(prng, lie.answer) } : step));
}

function otherThan(prng: Prng, answer: ResourceAnswer): ResourceAnswer {
  if (answer.outcome === 'refused') {
    return prng.chance(0.5) ? { outcome: 'ok', units: [1] } : { outcome: 'refused', reason: 'taken' };
  }
  if (answer.calendar) {
    const bookings = answer.calendar.bookings.slice(1);
    return { outcome: 'ok', calendar: { ...answer.calendar, bookings } };
  }
  return prng.chance(0.5)
    ? { outcome: 'refused', reason: prng.pick(['taken', 'no-such-booking']) }
    : { outcome: 'ok', units: prng.pick([[1], [2], [1, 2], []]) };
}
