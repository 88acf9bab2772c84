/** Why it broke, in the HTML report: the same lanes as everywhere, with waits as bars, and what was tried. */
import type { Forensic, Why } from '../../../server/contract/index.ts';
import { formatNumber } from '../../run/format.ts';
import {
  reachOf,
  type WhyBar,
  type WhyLayout,
  type WhyRow,
  type WhyStepRow,
  whyLayout,
} from '../../run/why-layout.ts';
import { seatsOf, seatsThrough } from '../../run/why-seats.ts';
import { conclusionLines, costWords, listedCures } from '../../run/why-words.ts';
import { html, type Markup } from './markup.ts';

/** `events`: indices of those that the report has a line of, which steps lead to. */
export function whyStory(why: Why, failure: Forensic | null, events: ReadonlySet<number>): Markup {
  const layout = whyLayout(why);
  const whole = layout.hasFolds
    ? html`<details><summary>All steps</summary>${lanes(whyLayout(why, { unfolded: true }), events)}</details>`
    : null;
  const name = why.name === null ? null : html`<p class="why-name">${why.name}</p>`;
  return html`<section class="story why">
<h2>Why it broke</h2>
<p class="message">${why.sentence}</p>${name}
${seats(why, failure)}
${lanes(layout, events)}${layout.foldedLanes === '' ? null : html`<p class="quiet">Folded: ${layout.foldedLanes}</p>`}
<ul>${conclusionLines(why).map((line) => html`<li>${line}</li>`)}</ul>
${cures(why)}
${whole}
<p class="quiet">Found by ${costWords(why)}.</p>
</section>`;
}

/** How many seats were taken after which step, as far as they are seats. */
function seats(why: Why, failure: Forensic | null): Markup | null {
  const of = failure === null ? null : seatsOf(failure);
  const points = of === null ? [] : seatsThrough(why, of);
  if (of === null || points.length === 0) return null;
  const { object, capacity } = of;
  const told = points.map(({ step, taken }, i) => {
    const isOver = taken > capacity || taken < 0;
    return html`${i === 0 ? '' : ', '}<span class="${isOver ? 'why-error' : ''}">${isOver ? '✖ ' : ''}<b>${taken}</b> after ${step}${isOver ? ', over capacity' : ''}</span>`;
  });
  return html`<p class="why-seats">Taken of ${formatNumber(capacity)} ${capacity === 1 ? 'seat' : 'seats'} of ${object}: ${told}</p>`;
}

function cures(why: Why): Markup | null {
  const tried = listedCures(why);
  if (tried.length === 0) return null;
  const rows = tried.map(
    ({ what, result, passes }) =>
      html`<tr><td>${what}</td><td class="${passes ? 'why-passes' : ''}">${passes ? '✔' : '✖'} ${result}</td></tr>`,
  );
  return html`<h3>What was tried</h3><table>${rows}</table>`;
}

function lanes({ columns, rows }: WhyLayout, events: ReadonlySet<number>): Markup {
  const hasEvents = rows.some((row) => row.row === 'step' && row.event !== null);
  const eventCell = (row: WhyRow) =>
    hasEvents ? html`<td class="why-event">${eventOf(row, events)}</td>` : null;
  const heads = columns.map(
    ({ name, heading, role, outcome }) =>
      html`<th class="why-lane-${role}"><b>${name}</b> ${heading} <span class="key ${outcome}">${outcome}</span></th>`,
  );
  return html`<div class="wide" tabindex="0" role="region" aria-label="What happened, step by step"><table class="why-lanes lanes-${Math.min(columns.length, 6)}"><thead><tr><th>Step</th>${heads}${hasEvents ? html`<th class="why-event">Event</th>` : null}</tr></thead><tbody>${rows.map(
    (row) => html`<tr class="${classOf(row)}">${cellsOf(row, columns)}${eventCell(row)}</tr>`,
  )}</tbody></table></div>`;
}

function cellsOf(row: WhyRow, columns: WhyLayout['columns']): Markup {
  if (row.row === 'fold') {
    const cells = columns.map((_, i) => cell(row.bars[i] ?? null, '', i === 0 ? html`${row.words}` : null));
    return html`<td></td>${cells}`;
  }
  if (row.row === 'wait') {
    const cells = columns.map(({ name }, i) => {
      const reach = reachOf(row, i);
      const line = reach === null ? '' : `why-reach why-reach-${reach.part} why-reach-${reach.towards}`;
      const words =
        i === row.column ? html`${laneName(name)}<span class="why-waits-words">${row.words}</span>` : null;
      return cell(row.bars[i] ?? null, line, words);
    });
    return html`<td></td>${cells}`;
  }
  const { step, column } = row;
  const cells =
    column === null
      ? html`<td class="why-own" colspan="${columns.length}">${stepText(row)}</td>`
      : columns.map(({ name }, i) =>
          i === column
            ? cell(row.bars[i] ?? null, 'why-own', html`${laneName(name)}${stepText(row)}`)
            : cell(row.bars[i] ?? null, '', null),
        );
  return html`<th class="number">${step}</th>${cells}`;
}

function classOf(row: WhyRow): string {
  return row.row === 'step' ? `why-tone-${row.tone}` : `why-${row.row}`;
}

function eventOf(row: WhyRow, events: ReadonlySet<number>): Markup | null {
  if (row.row !== 'step' || row.event === null) return null;
  const told = formatNumber(row.event);
  return events.has(row.event) ? html`<a href="#event-${row.event}">${told}</a>` : html`${told}`;
}

function cell(bar: WhyBar, others: string, content: Markup | null): Markup {
  const bars = bar === null ? '' : `why-bar why-bar-${bar}`;
  return html`<td class="${[bars, others].filter(Boolean).join(' ')}">${content}</td>`;
}

/** Where the lanes are stacked the head does not say whose a step is. */
function laneName(name: string): Markup {
  return html`<b class="why-lane-name">${name} </b>`;
}

function stepText({ kind, text, values, answer, takenBack, isError, mark }: WhyStepRow): Markup {
  return html`<span class="why-text why-kind-${kind}">${text}</span>${values === '' ? null : html` <span class="quiet">[${values}]</span>`}${
    answer === '' ? null : html` <span class="${isError ? 'why-error' : ''}">${answer}</span>`
  }${takenBack === 0 ? null : html` <span class="quiet">sent again ${takenBack === 1 ? 'once' : `${takenBack} times`}</span>`}${
    mark === '' ? null : html` <span class="why-mark">◀ ${mark}</span>`
  }`;
}
