/** What broke, and why: the invariant, expected against actual, the object's history, the whole bundle. */

import type {
  Forensic,
  Outcome,
  RunEvent,
  Smallest,
  StoryStep,
  Why,
} from '../../../server/contract/index.ts';
import { isTerminal } from '../../../server/contract/run-values.ts';
import { actualWords, expectedWords } from '../../run/bundle-words.ts';
import { processLines } from '../../run/describe-process.ts';
import { formatClock, formatNumber } from '../../run/format.ts';
import { causeOf, failureTitle, isBrokenOff, isLoss, LOSS_SAYS } from '../../run/outcome.ts';
import { failureOf, outcomeOfData } from '../../run/picture.ts';
import { ruleLines } from '../../run/rules.ts';
import type { RunData } from '../../run/run-data.ts';
import { safeLines, safeText } from '../../run/sanitize.ts';
import { eventOfStep } from '../../run/smallest-events.ts';
import { shrunkWords } from '../../run/task-words.ts';
import { sentenceText } from '../../run/value-text.ts';
import { Again } from '../components/again.tsx';
import { BundleTree } from '../components/bundle-tree.tsx';
import { Copy } from '../components/copy.tsx';
import { EventLink, eventRoute, LinkedEvents } from '../components/event-link.tsx';
import { EventList } from '../components/event-list.tsx';
import { FirstBad } from '../components/first-bad.tsx';
import { Intervals } from '../components/intervals.tsx';
import { Link } from '../components/link.tsx';
import { Panel } from '../components/panel.tsx';
import { ScrollX } from '../components/scroll-x.tsx';
import { TaskAsking } from '../components/task-asking.tsx';
import { WhyPanel } from '../components/why-panel.tsx';
import { useStored, useTask } from '../state/task.ts';

/** Intervals shown; those before are told by their number. */
const INTERVALS = 40;

interface ForensicsProps {
  data: RunData;
  /** Called when something was stored with the run. */
  onStored: () => void;
}

export function ForensicsView({ data, onStored }: ForensicsProps) {
  const bundle = data.run.failForensic;
  const { id: runId } = data.run;
  if (bundle !== null)
    return <Bundle bundle={bundle} outcome={outcomeOfData(data)} runId={runId} onStored={onStored} />;
  if (data.status === 'FAIL' || failureOf(data) !== null) return <p class="empty">Asking for the bundle…</p>;
  if (!isTerminal(data.status)) return <p class="empty">Nothing is broken so far.</p>;
  return (
    <div class="forensics">
      <p class="empty">Nothing broke: there is no bundle.</p>
      <Again title="Whether it happens again" runId={runId} bundle={null} />
    </div>
  );
}

interface BundleProps {
  bundle: Forensic;
  outcome: Outcome;
  runId: string;
}

function Bundle({ bundle, outcome, runId, onStored }: BundleProps & Pick<ForensicsProps, 'onStored'>) {
  const loss = isLoss(outcome);
  const explained = useTask(loss ? null : runId, 'explain');
  useStored(explained, onStored);
  const why = explained.task?.state === 'ready' ? explained.task.result : null;
  return (
    <div class="forensics">
      <Head bundle={bundle} outcome={outcome} runId={runId} />
      {!loss && <WhyPanel runId={runId} bundle={bundle} explained={explained} />}
      {!loss && (
        <div class="forensics-grid">
          <Panel title="Expected" class="expected">
            <Words runId={runId} words={expectedWords(bundle)} />
          </Panel>
          <Panel title="Actual" class="actual">
            <Words runId={runId} words={actualWords(bundle)} />
          </Panel>
        </div>
      )}
      <Process bundle={bundle} />
      <Reproduce title={loss ? 'Run again' : 'Reproduce'} command={bundle.reproduce} />
      {!loss && <Again title="How surely it fails again" runId={runId} bundle={bundle} />}
      {!loss && <FirstBad runId={runId} />}
      {!loss && <Small bundle={bundle} runId={runId} onStored={onStored} />}
      <ObjectHistory runId={runId} bundle={bundle} why={why} />
      <Sentences
        runId={runId}
        title="The city's difference to the model"
        items={bundle.difference.map(sentenceText)}
      />
      <Sentences runId={runId} title="Faults active" items={bundle.faultsActive} />
      <Sentences runId={runId} title="Rules of the service" items={ruleLines(bundle.rules)} />
      <Panel title="Last events">
        <EventList
          label="Last events up to the failure"
          events={bundle.lastEvents.filter(isEvent)}
          to={(at) => eventRoute(runId, at)}
        />
      </Panel>
      <Panel title="The whole bundle">
        <BundleTree label="The forensic bundle" root={bundle} />
      </Panel>
    </div>
  );
}

/** What broke, or what went wrong with the run itself. */
function Head({ bundle, outcome, runId }: BundleProps) {
  const { kind, eventIndex, virtualMs, object } = bundle;
  const loss = isLoss(outcome) ? outcome : null;
  const titleId = loss === null ? 'broken-invariant' : 'what-went-wrong';
  const told = [
    loss === null ? kind : '',
    eventIndex === null ? '' : `event ${formatNumber(eventIndex)}`,
    virtualMs === null ? '' : `at ${formatClock(virtualMs, 3)}`,
    object === null ? '' : safeText(object),
  ];
  return (
    <section class={`verdict ${loss === null ? 'verdict-fail' : 'verdict-loss'}`} aria-labelledby={titleId}>
      <div>
        <h2 id={titleId}>
          {safeText(loss === null ? causeOf(outcome, bundle) : failureTitle(outcome, bundle))}
        </h2>
        <p class="lines">
          <LinkedEvents runId={runId} text={safeLines(bundle.message)} />
        </p>
        {loss !== null && <p>{LOSS_SAYS[loss]}</p>}
        <p class="dim">
          <LinkedEvents runId={runId} text={told.filter(Boolean).join(' · ')} />
        </p>
      </div>
      {eventIndex !== null && (
        <Link to={{ page: 'run', runId, view: 'replay', at: eventIndex }}>The city at this event</Link>
      )}
    </section>
  );
}

function Process({ bundle }: { bundle: Forensic }) {
  const lines = processLines(bundle.process ?? {});
  if (lines.length === 0) return null;
  return (
    <Panel title="The process">
      <pre>{lines.join('\n')}</pre>
    </Panel>
  );
}

/** What was told in words; the values themselves are in the bundle below. */
function Words({ runId, words }: { runId: string; words: string | null }) {
  if (words === null) return <p class="dim">Not known.</p>;
  return (
    <p class="lines">
      <LinkedEvents runId={runId} text={words} />
    </p>
  );
}

function Reproduce({ title, command }: { title: string; command: string }) {
  return (
    <Panel title={title} aside={<Copy text={command} />}>
      <pre class="command">{safeText(command)}</pre>
    </Panel>
  );
}

function ObjectHistory({ runId, bundle, why }: { runId: string; bundle: Forensic; why: Why | null }) {
  const { history, object } = bundle;
  if (history.length === 0) return null;
  const hidden = history.length - INTERVALS;
  return (
    <Panel
      title={`History${object === null ? '' : ` of ${safeText(object)}`}`}
      aside={hidden > 0 ? `${hidden} earlier left out` : 'in order of time'}
    >
      <Intervals runId={runId} bundle={bundle} why={why} most={INTERVALS} />
    </Panel>
  );
}

interface SentencesProps {
  runId: string;
  title: string;
  items: readonly string[];
}

function Sentences({ runId, title, items }: SentencesProps) {
  if (items.length === 0) return null;
  return (
    <Panel title={title}>
      <ul class="sentences">
        {items.map((item) => (
          <li key={item}>
            <LinkedEvents runId={runId} text={safeText(item)} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

interface SmallProps extends Pick<ForensicsProps, 'onStored'> {
  bundle: Forensic;
  runId: string;
}

/** The smallest reproduction, or where it is asked for. */
function Small({ bundle, runId, onStored }: SmallProps) {
  const { smallest } = bundle;
  const isMissing = !isSmallest(smallest) && !isBrokenOff(bundle);
  const asked = useTask(isMissing ? runId : null, 'shrink');
  useStored(asked, onStored);
  if (isSmallest(smallest)) return <SmallestPanel runId={runId} bundle={bundle} smallest={smallest} />;
  if (!isMissing || !asked.isKnown) return null;
  return (
    <TaskAsking title="Smallest reproduction" runId={runId} asked={asked}>
      {asked.task?.state === 'ready' && <p>{shrunkWords(asked.task.result)}</p>}
    </TaskAsking>
  );
}

interface SmallestPanelProps {
  runId: string;
  bundle: Forensic;
  smallest: Smallest;
}

function SmallestPanel({ runId, bundle, smallest }: SmallestPanelProps) {
  const { operations, operationsBefore, minimal, story, reproduced, reproduce } = smallest;
  const isAnswered = story.some(({ answer }) => answer !== '');
  return (
    <Panel title="Smallest reproduction" aside={<Copy text={reproduce} />}>
      <p class="dim">
        {`${operations} of ${formatNumber(operationsBefore)} operations${minimal ? ', none can be left out' : ''}; failed ${reproduced.times} of ${reproduced.of} times`}
      </p>
      <ScrollX label="The steps">
        <table class="plain smallest-steps">
          <thead>
            <tr>
              <th scope="col">Step</th>
              <th scope="col">Who</th>
              <th scope="col">Operation</th>
              <th scope="col">What happens</th>
              {isAnswered && <th scope="col">Answer</th>}
            </tr>
          </thead>
          <tbody>
            {story.map((each) => (
              <SmallestStep
                key={each.step}
                runId={runId}
                bundle={bundle}
                told={each}
                isAnswered={isAnswered}
              />
            ))}
          </tbody>
        </table>
      </ScrollX>
      <pre class="command">{safeText(reproduce)}</pre>
    </Panel>
  );
}

interface SmallestStepProps {
  runId: string;
  bundle: Forensic;
  told: StoryStep;
  isAnswered: boolean;
}

/** With a link to this run's own event, where the same was asked or answered in it. */
function SmallestStep({ runId, bundle, told, isAnswered }: SmallestStepProps) {
  const { step, actor, operation, what, answer } = told;
  const at = eventOfStep(bundle, told);
  return (
    <tr>
      <td class="number">
        {at === null ? (
          step
        ) : (
          <EventLink runId={runId} at={at} label={`Step ${step}: event ${formatNumber(at)}`}>
            {step}
          </EventLink>
        )}
      </td>
      <td>{safeText(actor)}</td>
      <td>{safeText(operation)}</td>
      <td>{safeText(what)}</td>
      {isAnswered && <td>{safeText(answer)}</td>}
    </tr>
  );
}

/** The bundle's shape inside is the harness's own, of an older version too. */
function isEvent(value: unknown): value is RunEvent {
  if (typeof value !== 'object' || value === null) return false;
  const { index, virtualMs, type, actor, data } = value as Record<string, unknown>;
  return (
    typeof index === 'number' &&
    typeof virtualMs === 'number' &&
    typeof type === 'string' &&
    typeof actor === 'string' &&
    typeof data === 'object' &&
    data !== null
  );
}

function isSmallest(value: unknown): value is Smallest {
  return typeof value === 'object' && value !== null && 'story' in value && Array.isArray(value.story);
}
