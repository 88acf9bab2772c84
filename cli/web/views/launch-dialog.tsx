/** The form that launches a run. */
import { useState } from 'preact/hooks';
import { FAULT_PROFILES, ISOLATION_LEVELS, RUN_DEFAULTS } from '../../../server/contract/run-values.ts';
import { api, asProblem } from '../client/api.ts';
import { Dialog } from '../components/dialog.tsx';
import { announce } from '../state/announce.ts';
import { type Field, launchOf, launchStore, valuesOfRun } from '../state/launching.ts';
import { goTo } from '../state/navigation.ts';
import { askForToken } from '../state/session.ts';
import { useStore } from '../state/store.ts';

const FIELDS: readonly Field[] = [
  {
    name: 'scenario',
    label: 'Scenario',
    kind: 'text',
    empty: RUN_DEFAULTS.scenario,
    values: ['bookings', 'transfers'],
  },
  {
    name: 'target',
    label: 'Target',
    kind: 'text',
    empty: RUN_DEFAULTS.target,
    values: ['postgres', 'memory', 'http://127.0.0.1:8080'],
  },
  { name: 'seed', label: 'Seed', kind: 'number', empty: 'a fresh one', min: 0 },
  { name: 'operations', label: 'Operations', kind: 'number', empty: String(RUN_DEFAULTS.operations), min: 1 },
  { name: 'faults', label: 'Faults', kind: 'choice', empty: RUN_DEFAULTS.faults, values: FAULT_PROFILES },
  { name: 'bug', label: 'Known bug to plant', kind: 'text', empty: 'none' },
  {
    name: 'durationSeconds',
    label: 'Duration in seconds',
    kind: 'number',
    empty: 'no limit',
    min: 0,
    step: 'any',
    isRare: true,
  },
  {
    name: 'rate',
    label: 'Operations a second, at most',
    kind: 'number',
    empty: 'as fast as it goes',
    min: 0,
    step: 'any',
    isRare: true,
  },
  {
    name: 'citizens',
    label: 'Citizens',
    kind: 'number',
    empty: String(RUN_DEFAULTS.citizens),
    min: 1,
    isRare: true,
  },
  { name: 'slots', label: 'Slots', kind: 'number', empty: String(RUN_DEFAULTS.slots), min: 1, isRare: true },
  {
    name: 'concurrency',
    label: 'Operations at once',
    kind: 'number',
    empty: String(RUN_DEFAULTS.concurrency),
    min: 1,
    isRare: true,
  },
  {
    name: 'isolation',
    label: 'Isolation',
    kind: 'choice',
    empty: RUN_DEFAULTS.isolation,
    values: ISOLATION_LEVELS,
    isRare: true,
  },
  {
    name: 'strategy',
    label: 'Strategy',
    kind: 'text',
    empty: RUN_DEFAULTS.strategy,
    values: ['ambush', 'pct', 'random'],
    isRare: true,
  },
  { name: 'threshold', label: 'Threshold', kind: 'text', empty: 'none, or p95_latency_ms<50', isRare: true },
];

export function LaunchDialog() {
  const open = useStore(launchStore);
  return open === null ? null : <LaunchForm like={open.like} />;
}

function LaunchForm({ like }: NonNullable<typeof launchStore.value>) {
  const [values, setValues] = useState<Record<string, string>>(like === null ? {} : valuesOfRun(like));
  const [problem, setProblem] = useState<string | null>(null);
  const [isSent, setSent] = useState(false);
  const close = () => launchStore.set(null);
  const submit = async (event: Event) => {
    event.preventDefault();
    setSent(true);
    setProblem(null);
    try {
      const run = await api.launch(launchOf(values, like));
      close();
      announce(`Launched a run with seed ${run.seed}.`);
      goTo({ page: 'run', runId: run.id, view: 'live', at: null });
    } catch (error) {
      setSent(false);
      if (askForToken(error)) close();
      else setProblem(asProblem(error).message);
    }
  };
  const input = (field: Field) => (
    <FieldInput
      key={field.name}
      field={field}
      value={values[field.name] ?? ''}
      onInput={(value) => setValues((before) => ({ ...before, [field.name]: value }))}
    />
  );
  return (
    <Dialog title={like === null ? 'Launch a run' : 'Launch again'} onClose={close} class="launch">
      <form onSubmit={submit}>
        <div class="fields">{FIELDS.filter(({ isRare }) => !isRare).map(input)}</div>
        <details>
          <summary>More settings</summary>
          <div class="fields">{FIELDS.filter(({ isRare }) => isRare).map(input)}</div>
        </details>
        {problem !== null && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <div class="actions">
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={isSent}>
            Launch
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface FieldInputProps {
  field: Field;
  value: string;
  onInput: (value: string) => void;
}

function FieldInput({ field, value, onInput }: FieldInputProps) {
  const { name, label, kind, empty, values = [], min, step } = field;
  const id = `launch-${name}`;
  if (kind === 'choice') {
    return (
      <div class="field">
        <label for={id}>{label}</label>
        <select
          id={id}
          name={name}
          value={value || empty}
          onChange={(event) => onInput(event.currentTarget.value)}
        >
          {values.map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
      </div>
    );
  }
  const list = values.length > 0 ? `${id}-values` : undefined;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        name={name}
        type={kind}
        value={value}
        placeholder={empty}
        list={list}
        min={min}
        step={step}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      {list !== undefined && (
        <datalist id={list}>
          {values.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      )}
    </div>
  );
}
