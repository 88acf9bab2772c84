/** The larger parts of the HTML report: the failure's story, and the events. */
import type { Forensic, Outcome, RunEvent, Why } from '../../../server/contract/index.ts';
import { smallestSchema } from '../../../server/contract/index.ts';
import { actualWords, expectedWords } from '../../run/bundle-words.ts';
import { detailOf, kindOf, objectOf } from '../../run/describe-event.ts';
import { processLines } from '../../run/describe-process.ts';
import { formatClock, formatNumber } from '../../run/format.ts';
import { isLoss, LOSS_SAYS } from '../../run/outcome.ts';
import { sentenceText } from '../../run/value-text.ts';
import { intervalDiagram } from './intervals.ts';
import { html, type Markup } from './markup.ts';

/** `events`: indices of those that the report has a line of. */
export function failureStory(
  failure: Forensic,
  outcome: Outcome,
  why: Why | null,
  events: ReadonlySet<number>,
): Markup {
  const at = failure.eventIndex === null ? null : html` at event <b>${formatNumber(failure.eventIndex)}</b>`;
  const clock = failure.virtualMs === null ? null : html`, ${formatClock(failure.virtualMs, 3)}`;
  if (isLoss(outcome)) {
    return html`<section class="story loss">
<h2>What went wrong</h2>
<p class="quiet">${failure.kind}${at}${clock}</p>
<p class="message">${failure.message}</p>
<p>${LOSS_SAYS[outcome]}</p>
${processOf(failure)}
</section>`;
  }
  return html`<section class="story">
<h2>What broke</h2>
<p class="quiet">${failure.kind}: <b>${failure.invariant}</b>${at}${clock}</p>
<p class="message">${failure.message}</p>
${operation(failure)}
<div class="columns">${value('Expected', expectedWords(failure))}${value('Actual', actualWords(failure))}</div>
${list('What differs between the city and the model', failure.difference.map(sentenceText))}
${inLine('Faults active', failure.faultsActive)}
${processOf(failure)}
${history(failure, why, events)}
${smallest(failure)}
</section>`;
}

function operation({ operation: broken }: Forensic): Markup | null {
  if (broken === null) return null;
  return html`<h3>The operation whose answer broke it</h3><pre>${JSON.stringify(broken)}</pre>`;
}

/** In words; the values themselves are in the bundle at the end. */
function value(title: string, words: string | null): Markup | null {
  return words === null ? null : html`<div><h3>${title}</h3><p class="words">${words}</p></div>`;
}

function list(title: string, items: readonly string[]): Markup | null {
  if (items.length === 0) return null;
  return html`<h3>${title}</h3><ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`;
}

function inLine(title: string, items: readonly string[]): Markup | null {
  return items.length === 0 ? null : html`<h3>${title}</h3><p>${items.join(', ')}</p>`;
}

function processOf({ process }: Forensic): Markup | null {
  const lines = processLines(process ?? {});
  return lines.length === 0 ? null : html`<h3>The process</h3><pre>${lines.join('\n')}</pre>`;
}

function history(failure: Forensic, why: Why | null, events: ReadonlySet<number>): Markup | null {
  const diagram = intervalDiagram(failure, why, events);
  if (diagram === null) return null;
  const of = failure.object === null ? '' : ` of ${failure.object}`;
  return html`<h3>History${of}</h3>
<p class="quiet">Each bar is an operation from its invocation to its completion: <span class="key ok">ok</span> <span class="key refused">refused</span> <span class="key unknown">unknown</span> <span class="key pending">pending</span>. The upright line is where it broke.</p>${diagram}`;
}

function smallest(failure: Forensic): Markup | null {
  const found = smallestSchema.safeParse(failure.smallest);
  if (!found.success) return null;
  const { story, operations, operationsBefore } = found.data;
  const rows = story.map(
    (step) =>
      html`<tr><td class="number">${step.step}</td><td>${formatClock(step.virtualMs, 3)}</td><td>${step.actor}</td><td>${step.operation}</td><td>${step.what}</td><td>${step.answer}</td></tr>`,
  );
  return html`<h3>The smallest that still breaks</h3>
<p>${operations} of ${formatNumber(operationsBefore)} operations are left.</p>
<div class="wide" tabindex="0" role="region" aria-label="The steps"><table class="events"><thead><tr><th>step</th><th>time</th><th>who</th><th>operation</th><th>what</th><th>answer</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** `brokeAt`: the event to point out. */
export function eventTable(events: readonly RunEvent[], brokeAt: number | null): Markup {
  const rows = events.map((event) => {
    const mark = event.index === brokeAt ? ' broke' : '';
    return html`<tr id="event-${event.index}" class="${kindOf(event)}${mark}"><td class="number">${formatNumber(event.index)}</td><td>${formatClock(event.virtualMs, 3)}</td><td>${event.type}</td><td>${event.actor}</td><td>${objectOf(event)}</td><td>${detailOf(event)}</td></tr>`;
  });
  return html`<div class="wide" tabindex="0" role="region" aria-label="Events"><table class="events"><thead><tr><th>event</th><th>time</th><th>type</th><th>who</th><th>slot</th><th>what</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}
