/** Faults, checks and their counts, over the whole history. */
import { isTerminal } from '../../../server/contract/run-values.ts';
import { checkRows, type FaultRow, faultRows, sometimesRows } from '../../run/checks.ts';
import { closingLines } from '../../run/closing.ts';
import { formatClock, formatNumber } from '../../run/format.ts';
import { ruleLines } from '../../run/rules.ts';
import type { RunData } from '../../run/run-data.ts';
import { safeText } from '../../run/sanitize.ts';
import { Checks, Sometimes } from '../components/checks.tsx';
import { EventLink } from '../components/event-link.tsx';
import { Panel } from '../components/panel.tsx';
import { type HistoryCount, useCounted } from '../state/count-history.ts';

interface ChecksViewProps {
  data: RunData;
  count: HistoryCount | null;
}

export function ChecksView({ data, count }: ChecksViewProps) {
  const { run, eventIndex } = data;
  const { data: whole, counted, isCounting, problem } = useCounted(data, count);
  return (
    <>
      <div class="page-note">
        <p class="dim">
          Counted over {formatNumber(counted)} of {formatNumber(eventIndex + 1)} events
          {isCounting ? '…' : '.'}
        </p>
        {!isCounting && counted <= eventIndex && (
          <button type="button" onClick={() => void count?.go()}>
            {counted === 0 ? 'Count them' : 'Count on'}
          </button>
        )}
      </div>
      {problem !== null && (
        <p class="banner" role="alert">
          {problem}
        </p>
      )}
      <div class="checks-grid">
        <Checks rows={checkRows(whole)} areCounted={counted > 0} />
        <Sometimes rows={sometimesRows(whole)} hasEnded={isTerminal(data.status)} />
        <Lines title="How far it was tested" lines={closingLines(whole.tally.closing)} />
        <Lines title="Rules of the service" lines={ruleLines(whole.tally.rules ?? run.failForensic?.rules)} />
        <FaultTable rows={faultRows(whole)} profile={run.config.faults} runId={run.id} />
      </div>
    </>
  );
}

/** Nothing where there are none. */
function Lines({ title, lines }: { title: string; lines: readonly string[] }) {
  if (lines.length === 0) return null;
  return (
    <Panel title={title}>
      <ul class="sentences">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </Panel>
  );
}

interface FaultTableProps {
  rows: readonly FaultRow[];
  profile: string;
  runId: string;
}

function FaultTable({ rows, profile, runId }: FaultTableProps) {
  // A run names rates of its own, or has those of its profile.
  const hasRates = rows.some(({ rate }) => rate !== null);
  return (
    <Panel title="Faults" aside={`profile ${profile}`}>
      {rows.length === 0 ? (
        <p class="empty">None struck.</p>
      ) : (
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">Fault</th>
              <th scope="col" class="number">
                Times
              </th>
              {hasRates && (
                <th scope="col" class="number">
                  Rate
                </th>
              )}
              <th scope="col">Last</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, count, rate, lastIndex, lastMs }) => (
              <tr key={name}>
                <th scope="row" class="fault-name">
                  {safeText(name)}
                </th>
                <td class="number">{formatNumber(count)}</td>
                {hasRates && <td class="number">{rate ?? ''}</td>}
                <td class="dim">
                  {lastIndex !== null && lastMs !== null && (
                    <>
                      <EventLink runId={runId} at={lastIndex} /> at {formatClock(lastMs)}
                    </>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}
