/** Two runs side by side: how they stand, what was asked of them, and the first event at which they differ. */
import { useEffect, useMemo } from 'preact/hooks';
import { isTerminal } from '../../../server/contract/run-values.ts';
import type { Comparison } from '../../run/compare-histories.ts';
import { formatNumber } from '../../run/format.ts';
import { classOfParting } from '../../run/parting-class.ts';
import { comparedMetrics, comparedSettings, comparedStates } from '../../run/run-difference.ts';
import { runName } from '../../run/run-name.ts';
import { safeText } from '../../run/sanitize.ts';
import { ComparedEvents } from '../components/compared-events.tsx';
import { ComparedMetrics, ComparedRows, ComparedValues, type Sides } from '../components/compared-table.tsx';
import { Heading } from '../components/heading.tsx';
import { Panel } from '../components/panel.tsx';
import { Comparing, type ComparingState } from '../state/comparing.ts';
import type { Route } from '../state/route.ts';
import { useStore } from '../state/store.ts';
import { ChooseRuns } from './choose-runs.tsx';

type CompareRoute = Extract<Route, { page: 'compare' }>;

export function CompareView({ route }: { route: CompareRoute }) {
  const { left, right } = route;
  return (
    <>
      {left === null || right === null ? (
        <Unchosen />
      ) : (
        <Compared key={`${left} ${right}`} left={left} right={right} />
      )}
      <ChooseRuns key={`choose ${left} ${right}`} route={route} />
    </>
  );
}

function Unchosen() {
  useEffect(() => {
    document.title = 'Compare two runs · SimCity';
  }, []);
  return <Heading>Compare two runs</Heading>;
}

function Compared({ left, right }: { left: string; right: string }) {
  const comparing = useMemo(() => new Comparing(left, right), [left, right]);
  useEffect(() => () => comparing.close(), [comparing]);
  const state = useStore(comparing.store);
  const { runs, problem } = state;
  const title = runs === null ? 'Compare two runs' : `${runName(runs[0])} and ${runName(runs[1])}`;
  useEffect(() => {
    document.title = `${title} · SimCity`;
  }, [title]);
  return (
    <>
      <Heading>{title}</Heading>
      {problem !== null && (
        <p class="banner" role="alert">
          {safeText(problem)}
        </p>
      )}
      {runs === null && problem === null && <p class="empty">Asking for the runs…</p>}
      {runs !== null && <Sentence runs={runs} state={state} onCancel={() => comparing.cancel()} />}
      {runs !== null && <Tables runs={runs} comparison={state.comparison} />}
    </>
  );
}

interface SentenceProps {
  runs: Sides;
  state: ComparingState;
  onCancel: () => void;
}

/** Where they part, or how far that was looked for. */
function Sentence({ runs, state, onCancel }: SentenceProps) {
  const { common, comparison, isCancelled, problem } = state;
  if (comparison !== null) {
    return (
      <p class={`verdict ${comparison.parting === null ? 'verdict-same' : ''}`} role="status">
        {saidOf(runs, comparison)}
      </p>
    );
  }
  const told = `the first ${formatNumber(common)} events are the same`;
  if (isCancelled || problem !== null) return <p class="verdict">Not compared to the end: {told}.</p>;
  const most = Math.min(...runs.map(({ live }) => live.eventIndex + 1));
  return (
    <div class="progress comparing">
      <progress aria-label="How much of the histories is compared" max={Math.max(1, most)} value={common} />
      <span>
        Comparing: {told}, of {formatNumber(most)}
      </span>
      <button type="button" onClick={onCancel}>
        Cancel
      </button>
    </div>
  );
}

function saidOf(runs: Sides, { common, parting, settings, renamed }: Comparison): string {
  const isAlike = settings.length === 0;
  const ended = parting?.left === null ? runs[0] : parting?.right === null ? runs[1] : null;
  if (ended !== null && !isTerminal(ended.status)) {
    return `As far as ${runName(ended)} has come, ${isAlike ? '' : 'behind the start '}they are the same: ${formatNumber(common)} events.`;
  }
  if (parting === null)
    return `${isAlike ? 'They' : 'Behind the start they'} are the same, ${formatNumber(common)} events.`;
  const said = `The first event that differs is ${formatNumber(parting.index)}.`;
  if (renamed === null || settings.length > 0) return said;
  const { class: kind, advice } = classOfParting(parting);
  return `${said} Its class: ${kind}. ${advice}`;
}

function Tables({ runs, comparison }: { runs: Sides; comparison: Comparison | null }) {
  const [left, right] = runs;
  const settings = comparedSettings(left, right);
  const differing = settings.filter(({ differs }) => differs);
  const metrics = comparedMetrics(left, right);
  return (
    <>
      {comparison !== null && comparison.parting !== null && (
        <Panel title="Where they part">
          <ComparedEvents runs={runs} parting={comparison.parting} />
          {comparison.parting.differences.length > 0 && (
            <ComparedValues runs={runs} values={comparison.parting.differences} />
          )}
        </Panel>
      )}
      <div class="compare-grid">
        <Panel title="How they stand">
          <ComparedRows runs={runs} title="Run" rows={comparedStates(left, right)} />
        </Panel>
        <Panel
          title="Settings that differ"
          aside={`${formatNumber(settings.length - differing.length)} are the same`}
        >
          {differing.length === 0 ? (
            <p class="empty">None.</p>
          ) : (
            <ComparedRows runs={runs} title="Setting" rows={differing} />
          )}
          {comparison !== null && comparison.settings.length > 0 && (
            <details>
              <summary>As the events of the start tell it</summary>
              <ComparedValues runs={runs} values={comparison.settings} />
            </details>
          )}
        </Panel>
        <Panel title="Metrics at the end">
          {metrics.length === 0 ? (
            <p class="empty">None yet.</p>
          ) : (
            <ComparedMetrics runs={runs} rows={metrics} />
          )}
        </Panel>
      </div>
    </>
  );
}
