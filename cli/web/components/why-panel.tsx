/** Why it broke, first thing in the forensics: the sentence, the lanes to step through, what was tried. */
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import type { Forensic, Why } from '../../../server/contract/index.ts';
import { formatNumber } from '../../run/format.ts';
import { safeText } from '../../run/sanitize.ts';
import { eventOfStep, stepBeside, whyLayout } from '../../run/why-layout.ts';
import { conclusionLines, costWords, listedCures } from '../../run/why-words.ts';
import { announce } from '../state/announce.ts';
import { useKeys } from '../state/keys.ts';
import type { Asked } from '../state/task.ts';
import { WHY_KEYS } from '../state/why-keys.ts';
import { Link } from './link.tsx';
import { Panel } from './panel.tsx';
import { TaskAsking } from './task-asking.tsx';
import { WhyCity } from './why-city.tsx';
import { WhyLanes } from './why-lanes.tsx';
import { WhySeats } from './why-seats.tsx';

interface WhyPanelProps {
  runId: string;
  bundle: Forensic;
  explained: Asked<'explain'>;
}

export function WhyPanel({ runId, bundle, explained }: WhyPanelProps) {
  const { task, isKnown, problem } = explained;
  if (task?.state === 'ready') return <Story runId={runId} bundle={bundle} why={task.result} />;
  if (!isKnown && problem === null) return null;
  return <TaskAsking title="Why it broke" class="why" runId={runId} asked={explained} />;
}

function Story({ runId, bundle, why }: { runId: string; bundle: Forensic; why: Why }) {
  const [isUnfolded, setUnfolded] = useState(false);
  const [chosen, setChosen] = useState<number | null>(null);
  const layout = useMemo(() => whyLayout(why, { unfolded: isUnfolded }), [why, isUnfolded]);
  // From what is chosen when it is done: keys come faster than pictures.
  const move = useCallback(
    (by: 1 | -1) => setChosen((from) => stepBeside(layout, from, by) ?? from),
    [layout],
  );
  useEffect(() => {
    if (chosen !== null) announce(spoken(why, chosen));
  }, [why, chosen]);
  useKeys(WHY_KEYS, (intent) => {
    if (intent === 'unfold') setUnfolded((is) => !is);
    else move(intent === 'why-next' ? 1 : -1);
  });
  const event = chosen === null ? null : eventOfStep(why, chosen);
  return (
    <Panel
      title="Why it broke"
      class="why"
      aside={why.name === null ? undefined : <span class="why-name">{safeText(why.name)}</span>}
    >
      <p class="why-sentence">{safeText(why.sentence)}</p>
      <div class="task-buttons">
        <button type="button" title="p" onClick={() => move(-1)}>
          ◀ Step back
        </button>
        <button type="button" title="n" onClick={() => move(1)}>
          Step on ▶
        </button>
        {(layout.hasFolds || isUnfolded) && (
          <button type="button" title="e" aria-pressed={isUnfolded} onClick={() => setUnfolded(!isUnfolded)}>
            {isUnfolded ? 'Fold what does not matter' : 'Show all steps'}
          </button>
        )}
        {layout.foldedLanes !== '' && <span class="dim">Folded: {layout.foldedLanes}</span>}
      </div>
      <WhySeats bundle={bundle} why={why} onPick={setChosen} />
      <div class={event === null ? 'why-story' : 'why-story why-story-city'}>
        <WhyLanes
          runId={runId}
          layout={layout}
          chosen={chosen}
          onPick={setChosen}
          onUnfold={() => setUnfolded(true)}
        />
        {event !== null && (
          <div class="why-beside">
            <Link to={{ page: 'run', runId, view: 'replay', at: event }}>
              Step {chosen} in the replay: event {formatNumber(event)}
            </Link>
            <WhyCity runId={runId} why={why} event={event} />
          </div>
        )}
      </div>
      <Conclusion why={why} />
    </Panel>
  );
}

function spoken({ steps, lanes }: Why, number: number): string {
  const step = steps.find(({ step }) => step === number);
  if (step === undefined) return `Step ${number}.`;
  const who = step.lane === null ? '' : `, ${lanes[step.lane]?.name ?? ''}`;
  return `Step ${number}${who}: ${safeText([step.text, step.answer, step.mark].filter(Boolean).join(' '))}.`;
}

function Conclusion({ why }: { why: Why }) {
  const cures = listedCures(why);
  return (
    <div class="why-conclusion">
      <ul class="sentences">
        {conclusionLines(why).map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      {cures.length > 0 && (
        <table class="why-cures">
          <thead>
            <tr>
              <th scope="col">Tried</th>
              <th scope="col">Came of it</th>
            </tr>
          </thead>
          <tbody>
            {cures.map(({ what, result, passes }) => (
              <tr key={what}>
                <td>{what}</td>
                <td class={passes ? 'why-passes' : ''}>
                  {passes ? '✔ ' : '✖ '}
                  {result}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p class="dim">Found by {costWords(why)}.</p>
    </div>
  );
}
