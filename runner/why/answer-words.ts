/** The story of a target without statements: which answers cannot be true together, and what turned round makes it pass. */
import type { Cure } from '../../server/contract/index.ts';
import type { Findings, RecordedRequest, Recording } from './findings.ts';
import type { RequestTurn } from './request-turn.ts';
import { answered, asked, isSameCall, numbered } from './said.ts';
import type { Highlights, Story } from './story.ts';
import { allowedInstead } from './tally.ts';
import { labelOf, needs } from './words.ts';

/** What is known without statements. */
export interface KnownByAnswers {
  /** Requests whose answers cannot be true together, as they were answered; null: it is not known which. */
  readonly carrying: readonly RecordedRequest[] | null;
  readonly turn: RequestTurn | null;
}

export function answersHighlights({ carrying }: KnownByAnswers, found: Findings): Highlights {
  const { recording, accused } = found;
  const requests = carrying ?? recording.requests;
  const last = carrying?.at(-1) ?? accused;
  const roles = new Map(
    requests.map((request) => [request, request === last ? 'accused' : 'partner'] as const),
  );
  const instead = allowedInstead(recording.forensic);
  const isAbout = last !== undefined && last !== null && last.op === recording.forensic.operation?.['op'];
  return {
    marks: new Map(),
    roles,
    matters: new Set(),
    allowed: isAbout && instead ? { request: last, instead } : null,
  };
}

/** `No order makes both answers true: A, asked after it: B`. */
export function answersSentence({ carrying }: KnownByAnswers, recording: Recording, story: Story): string {
  const { forensic } = recording;
  if (carrying === null || carrying.length === 0) return forensic.message;
  const told = carrying.map((request, i) => {
    const before = carrying[i - 1];
    const when = before ? whenAsked(request, before) : '';
    const step = story.answerOf(request);
    const isAgain = carrying.slice(0, i).some(({ call }) => isSameCall(call, request.call));
    const what = isAgain ? `${labelOf(request, { recording })}, the same request` : asked(request);
    return `${what}${when} was answered "${answered(request, forensic.object)}"${step === null ? '' : ` (${step})`}`;
  });
  if (forensic.kind === 'audit') told.push('what the city is at rest');
  if (told.length === 1)
    return `Whatever happened before, this cannot be true: ${told[0]}. ${forensic.message}`;
  return `${told.length === 2 ? 'These two answers cannot both' : `These ${told.length} answers cannot all`} be true: ${told.join('; ')}`;
}

/** How it lies to the one that was answered before it. */
function whenAsked(request: RecordedRequest, before: RecordedRequest): string {
  const isAfter = before.completedEvent !== null && before.completedEvent < request.invokedEvent;
  return isAfter ? ', asked after that,' : ', asked earlier,';
}

export function answersConclusion({ carrying }: KnownByAnswers, found: Findings): string[] {
  const { recording } = found;
  const others =
    recording.requests.filter(({ outcome }) => outcome !== 'pending').length - (carrying?.length ?? 0);
  const folded =
    carrying === null || others <= 0
      ? ''
      : `${numbered(others, 'other answer')} ${others === 1 ? 'is' : 'are'} not needed for it. `;
  return [`${folded}${needs(found)} What happened inside is not seen: the target has no statements.`];
}

/** `if book citizen-020 begins after close manager is through`. */
export function requestTurnWords({ later, earlier }: RequestTurn, recording: Recording): string {
  const [last, first] = [labelOf(later, { recording }), labelOf(earlier, { recording })];
  return `if ${last} begins after ${first} is through`;
}

export function requestTurnCure(turn: RequestTurn, recording: Recording): Cure {
  return {
    kind: 'turn',
    what: requestTurnWords(turn, recording),
    passes: 1,
    of: 1,
    otherwise: 0,
    retries: null,
  };
}

export function answersSuggestion({ turn }: KnownByAnswers, { recording }: Findings): string[] {
  if (turn === null) return [];
  const later = labelOf(turn.later, { recording });
  // Who only looked can have kept what it saw, or have told it to nobody.
  if (turn.earlierLooks) {
    const earlier = labelOf(turn.earlier, { recording });
    return [`Suggestion: see whether ${earlier} keeps what it saw, since ${later} was under way meanwhile.`];
  }
  const object = recording.forensic.object ?? 'what it looks at';
  return [
    `Suggestion: let nothing change ${object} while ${later} is under way, from its first look to its last write.`,
  ];
}
