/** A run at a glance: whether all holds, how far it was tested, and what the city was put through. */
import { type Health, healthOf, trafficOf } from '../../run/health.ts';
import type { RunData } from '../../run/run-data.ts';

const CLASS: Record<Health['tone'], string> = {
  good: 'badge-pass',
  bad: 'broke',
  warn: 'warn',
  wait: 'warn',
};

export function Glance({ data }: { data: RunData }) {
  const { word, tone, said } = healthOf(data);
  return (
    <section class="glance" aria-label="At a glance">
      <p>
        <strong class={CLASS[tone]}>{word}</strong>
        {said.map(({ wordings, tone: how }) => (
          <span key={wordings[0]} class={how === undefined ? undefined : CLASS[how]}>
            {wordings[0]}
          </span>
        ))}
      </p>
      <p class="dim">
        {trafficOf(data).map(({ wordings }) => (
          <span key={wordings[0]}>{wordings[0]}</span>
        ))}
      </p>
    </section>
  );
}
