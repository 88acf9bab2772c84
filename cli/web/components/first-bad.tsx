/** The first commit that fails so, where somebody looked for it: a page has no repository to search. */
import { bisectedLines } from '../../run/bisect-words.ts';
import { taskWords } from '../../run/task-words.ts';
import { useTask } from '../state/task.ts';
import { Panel } from './panel.tsx';

export function FirstBad({ runId }: { runId: string }) {
  const { task } = useTask(runId, 'bisect');
  if (task === null) return null;
  const lines = task.state === 'ready' ? bisectedLines(task.result) : [taskWords('bisect', task) ?? ''];
  return (
    <Panel title="The first bad commit">
      <ul class="sentences">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </Panel>
  );
}
