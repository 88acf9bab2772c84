/** How surely a run happens again alike: as it was found, and as it comes out when it is asked for. */
import type { Forensic } from '../../../server/contract/index.ts';
import { proofLines, verifiedLines } from '../../run/proof.ts';
import { useTask } from '../state/task.ts';
import { TaskAsking } from './task-asking.tsx';

interface AgainProps {
  title: string;
  runId: string;
  /** Null: nothing broke. */
  bundle: Forensic | null;
}

export function Again({ title, runId, bundle }: AgainProps) {
  const asked = useTask(runId, 'verify');
  const { task, isKnown, problem } = asked;
  if (!isKnown && problem === null) return null;
  const lines = [...proofLines(bundle), ...(task?.state === 'ready' ? verifiedLines(task.result) : [])];
  return (
    <TaskAsking title={title} runId={runId} asked={asked}>
      {lines.length > 0 && (
        <ul class="sentences">
          {lines.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
    </TaskAsking>
  );
}
