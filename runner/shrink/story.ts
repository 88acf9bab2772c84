/** Tells a short run as a table: who asked what, which fault struck, what was answered, what broke. */
import { CLOCK_EVENT, clockMoveText, type RunEvent, type StoryStep } from '../../server/contract/index.ts';

/** No story is longer: what no person reads is left to the events. */
const MOST_STEPS = 400;
/** Longer answers are cut. */
const MOST_CHARACTERS = 160;

export function storyOf(events: readonly RunEvent[]): StoryStep[] {
  const calls = new Map<unknown, string>();
  const steps: StoryStep[] = [];
  for (const event of events) {
    const line = lineOf(event, calls);
    if (!line) continue;
    steps.push({ step: steps.length + 1, virtualMs: event.virtualMs, actor: event.actor, ...line });
    if (steps.length === MOST_STEPS) break;
  }
  return steps;
}

type Line = Pick<StoryStep, 'operation' | 'what' | 'answer'>;

/** `calls`: what each operation of the history asked for, by its number; filled on the way. */
function lineOf(event: RunEvent, calls: Map<unknown, string>): Line | null {
  const { type, data } = event;
  const { op } = data;
  switch (type) {
    case 'start':
    case 'end':
    case 'heal':
    // What was said to the database is told by the lanes.
    case 'statement':
      return null;
    case 'fault':
      return {
        operation: calls.get(op) ?? callText(data['operation'], {}),
        what: faultText(data),
        answer: '',
      };
    case 'violation':
      return {
        operation: calls.get(op) ?? '',
        what: `breaks ${text(data['invariant'])}`,
        answer: text(data['message']),
      };
    case CLOCK_EVENT:
      return { operation: '', what: clockMoveText(data), answer: '' };
    case 'note':
      return { operation: '', what: text(data['what']), answer: '' };
    default:
      return operationLine(type, data, calls);
  }
}

function operationLine(type: string, data: RunEvent['data'], calls: Map<unknown, string>): Line {
  const [operation, phase] = type.split('.');
  const { op, retryOf, duplicateOf, latencyMs: _, slot, cause, ...rest } = data;
  if (phase === 'invoke') {
    const call = callText(operation, { slot, ...rest });
    calls.set(op, call);
    const what =
      retryOf !== undefined
        ? 'asks again'
        : duplicateOf !== undefined
          ? 'the request, a second time'
          : 'asks';
    return { operation: call, what, answer: '' };
  }
  const call = calls.get(op) ?? text(operation);
  if (phase === 'unknown') return { operation: call, what: 'no answer', answer: text(cause) };
  if (phase === 'refused') return { operation: call, what: 'refused', answer: text(rest['reason']) };
  return { operation: call, what: 'answered', answer: argumentsText(rest) };
}

function faultText({ name, op: _, operation: __, slot: ___, ...rest }: RunEvent['data']): string {
  const more = argumentsText(rest);
  return more === '' ? text(name) : `${text(name)} (${more})`;
}

function callText(operation: unknown, args: Record<string, unknown>): string {
  return [
    text(operation),
    ...Object.values(args)
      .filter((value) => value !== undefined)
      .map(text),
  ].join(' ');
}

function argumentsText(data: Record<string, unknown>): string {
  return shortened(
    Object.entries(data)
      .map(([name, value]) => `${name} ${text(value)}`)
      .join(', '),
  );
}

function text(value: unknown): string {
  if (value === undefined || value === null) return '';
  return shortened(typeof value === 'string' ? value : JSON.stringify(value));
}

function shortened(words: string): string {
  return words.length > MOST_CHARACTERS ? `${words.slice(0, MOST_CHARACTERS)}…` : words;
}
