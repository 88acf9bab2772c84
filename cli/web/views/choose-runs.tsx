/** Which runs to compare: by what names them, or one of those before that are alike. */
import { useEffect, useState } from 'preact/hooks';
import type { Run } from '../../../server/contract/index.ts';
import { runOutcome } from '../../run/outcome.ts';
import { runName } from '../../run/run-name.ts';
import { safeText } from '../../run/sanitize.ts';
import { api, asProblem } from '../client/api.ts';
import { Link } from '../components/link.tsx';
import { Panel } from '../components/panel.tsx';
import { goTo } from '../state/navigation.ts';
import type { Route } from '../state/route.ts';
import { askForToken } from '../state/session.ts';

type CompareRoute = Extract<Route, { page: 'compare' }>;

export function ChooseRuns({ route }: { route: CompareRoute }) {
  const [left, setLeft] = useState(route.left ?? '');
  const [right, setRight] = useState(route.right ?? '');
  const one = route.left === null ? route.right : route.right === null ? route.left : null;
  const compare = (event: Event) => {
    event.preventDefault();
    goTo({ page: 'compare', left: left.trim() || null, right: right.trim() || null });
  };
  return (
    <Panel title={one === null && left !== '' ? 'Compare others' : 'Which runs'}>
      <form class="choose-runs" onSubmit={compare}>
        <RunField label="One run" value={left} onInput={setLeft} />
        <RunField label="The other run" value={right} onInput={setRight} />
        <button type="submit" class="primary">
          Compare
        </button>
      </form>
      {one !== null && <Alike named={one} />}
    </Panel>
  );
}

interface RunFieldProps {
  label: string;
  value: string;
  onInput: (value: string) => void;
}

function RunField({ label, value, onInput }: RunFieldProps) {
  return (
    <label class="field">
      {label}
      <input
        required
        maxLength={100}
        placeholder="12, or an id"
        value={value}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
      />
    </label>
  );
}

/** The newest runs before `named` that are like it. */
function Alike({ named }: { named: string }) {
  const [found, setFound] = useState<{ run: Run; before: readonly Run[] } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    const over = new AbortController();
    readBefore(named, over.signal).then(setFound, (error: unknown) => {
      if (!over.signal.aborted && !askForToken(error)) setProblem(asProblem(error).message);
    });
    return () => over.abort();
  }, [named]);
  if (problem !== null) return <p role="alert">{safeText(problem)}</p>;
  if (found === null) return null;
  const { run, before } = found;
  const sameService = before.filter(
    ({ scenario, target }) => scenario === run.scenario && target === run.target,
  );
  const sameSeed = sameService.find(({ seed }) => seed === run.seed);
  return (
    <ul class="sentences">
      {sameSeed !== undefined && <Before run={run} before={sameSeed} said={`with seed ${run.seed}`} />}
      {sameService[0] !== undefined && sameService[0] !== sameSeed && (
        <Before
          run={run}
          before={sameService[0]}
          said={`of ${safeText(run.scenario)}@${safeText(run.target)}`}
        />
      )}
    </ul>
  );
}

function Before({ run, before, said }: { run: Run; before: Run; said: string }) {
  return (
    <li>
      <Link to={{ page: 'compare', left: String(before.number), right: String(run.number) }}>
        {runName(before)} and {runName(run)}
      </Link>{' '}
      the run before {said}: {runOutcome(before)}, seed {before.seed}
    </li>
  );
}

async function readBefore(named: string, signal: AbortSignal): Promise<{ run: Run; before: readonly Run[] }> {
  const run = await api.run(named, signal);
  const { runs } = await api.runs({ status: null, campaign: null, before: run.id, limit: 200 }, signal);
  return { run, before: runs };
}
