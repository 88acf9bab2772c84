/** The processes that work for campaigns: what each does, and when it was last heard of. */
import { useEffect } from 'preact/hooks';
import type { Runner } from '../../../server/contract/index.ts';
import { workersText } from '../../run/runner-words.ts';
import { api } from '../client/api.ts';
import { useRefreshed } from '../client/use-refreshed.ts';
import { RunnersTable } from '../components/runners-table.tsx';

export function RunnersView() {
  const { answer, problem } = useRefreshed('runners', (signal) => api.runners(signal));
  useEffect(() => {
    document.title = 'Runners · SimCity';
  }, []);
  return (
    <>
      <div class="page-head">
        <h1 tabIndex={-1}>Runners</h1>
        {answer !== null && <p class="dim">{workersText(answer.runners)}, heard of in the last day</p>}
      </div>
      {problem !== null && (
        <p class="banner" role="alert">
          {problem.message} Trying again.
        </p>
      )}
      {answer === null ? <p class="empty">Asking the server for its runners…</p> : <Runners {...answer} />}
    </>
  );
}

function Runners({ runners }: { runners: readonly Runner[] }) {
  if (runners.length === 0) return <NoRunners />;
  return (
    <div class="panel">
      <RunnersTable runners={runners} />
    </div>
  );
}

function NoRunners() {
  return (
    <div class="panel empty-state">
      <h2>No runner yet</h2>
      <p>One works for the campaigns of this server, on any machine that reaches its database:</p>
      <p>
        <code>npx simcity runner --server {location.origin}</code>
      </p>
    </div>
  );
}
