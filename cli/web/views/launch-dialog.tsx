/** The form that launches a run. */
import { useState } from 'preact/hooks';
import { choicesOf } from '../../../server/contract/launch-check.ts';
import type { RunSettingName } from '../../../server/contract/run-settings.ts';
import { isChosen, type RunSetting } from '../../../server/contract/setting.ts';
import { standardOf } from '../../../server/contract/setting-text.ts';
import {
  FORM_ROWS,
  type LaunchProblem,
  type LaunchTexts,
  readLaunch,
  textsOf,
} from '../../run/launch-form.ts';
import { api, asProblem } from '../client/api.ts';
import { Dialog } from '../components/dialog.tsx';
import { announce } from '../state/announce.ts';
import { launchStore } from '../state/launching.ts';
import { goTo } from '../state/navigation.ts';
import { askForToken } from '../state/session.ts';
import { useStore } from '../state/store.ts';

export function LaunchDialog() {
  const open = useStore(launchStore);
  return open === null ? null : <LaunchForm like={open.like} />;
}

function LaunchForm({ like }: NonNullable<typeof launchStore.value>) {
  const [values, setValues] = useState<LaunchTexts>(like === null ? {} : textsOf(like));
  const [problem, setProblem] = useState<Partial<LaunchProblem> | null>(null);
  const [isSent, setSent] = useState(false);
  const close = () => launchStore.set(null);
  const submit = async (event: Event) => {
    event.preventDefault();
    const read = readLaunch(values);
    setProblem('problem' in read ? read.problem : null);
    if ('problem' in read) return;
    setSent(true);
    try {
      const run = await api.launch(read.launch);
      close();
      announce(`Launched a run with seed ${run.seed}.`);
      goTo({ page: 'run', runId: run.id, view: null, at: null });
    } catch (error) {
      setSent(false);
      if (askForToken(error)) close();
      else setProblem({ text: asProblem(error).message });
    }
  };
  const inputs = (isRare: boolean) =>
    FORM_ROWS.filter(([, setting]) => (setting.isRare ?? false) === isRare).map(([name, setting]) => (
      <FieldInput
        key={name}
        name={name}
        setting={setting}
        values={values}
        isWrong={problem?.setting === name}
        onInput={(value) => setValues((before) => ({ ...before, [name]: value }))}
      />
    ));
  return (
    <Dialog title={like === null ? 'Launch a run' : 'Launch again'} onClose={close} class="launch">
      <form onSubmit={submit}>
        <div class="fields">{inputs(false)}</div>
        <details open={problem?.setting !== undefined}>
          <summary>More settings</summary>
          <div class="fields">{inputs(true)}</div>
        </details>
        {problem !== null && (
          <p class="problem" role="alert">
            {problem.text}
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
  name: RunSettingName;
  setting: RunSetting;
  values: LaunchTexts;
  isWrong: boolean;
  onInput: (value: string) => void;
}

function FieldInput({ name, setting, values, isWrong, onInput }: FieldInputProps) {
  const id = `launch-${name}`;
  const value = values[name] ?? '';
  const { scenario, target } = values;
  const choices = choicesOf(setting, { scenario: scenario || undefined, target: target || undefined });
  const shared = { id, name, 'aria-invalid': isWrong, 'aria-describedby': `${id}-hint` };
  // A target may be any URL.
  const isList = isChosen(setting) && setting.kind !== 'target';
  const chosen = choices.find((choice) => choice.name === (value || setting.default));
  return (
    <div class="field">
      <label for={id}>{setting.label}</label>
      {isList ? (
        <select
          {...shared}
          value={value || String(setting.default ?? '')}
          onChange={(event) => onInput(event.currentTarget.value)}
        >
          {setting.default === null && <option value="">{standardOf(setting)}</option>}
          {value !== '' && chosen === undefined && <option value={value}>{value}</option>}
          {choices.map((each) => (
            <option key={each.name} value={each.name}>
              {each.name}
            </option>
          ))}
        </select>
      ) : (
        <input
          {...shared}
          type={setting.kind === 'whole' || setting.kind === 'number' ? 'number' : 'text'}
          min={'least' in setting ? setting.least : undefined}
          max={setting.kind === 'whole' ? setting.most : undefined}
          step={setting.kind === 'whole' ? 1 : 'any'}
          value={value}
          placeholder={standardOf(setting)}
          list={setting.kind === 'target' ? `${id}-values` : undefined}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
      {setting.kind === 'target' && (
        <datalist id={`${id}-values`}>
          {[...choices.map((each) => each.name), 'http://127.0.0.1:8080'].map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      )}
      <p class="hint" id={`${id}-hint`}>
        {isList && chosen !== undefined ? chosen.what : setting.help}
      </p>
    </div>
  );
}
