/** The keys of the page, told from the tables that they are handled by. */
import { useState } from 'preact/hooks';
import { Dialog } from '../components/dialog.tsx';
import { CHART_KEYS } from '../state/chart-keys.ts';
import { EVENTS_KEYS } from '../state/events-keys.ts';
import { type Binding, useKeys } from '../state/keys.ts';
import { LIST_KEYS, LIVE_KEYS, PAGE_KEYS, VIEW_KEYS } from '../state/page-keys.ts';
import { CALENDAR_KEYS, REPLAY_KEYS } from '../state/replay-keys.ts';
import { ASK_KEYS, WHY_KEYS } from '../state/why-keys.ts';

const TABLES: readonly [where: string, bindings: readonly Binding[]][] = [
  ['Everywhere', PAGE_KEYS],
  ['The list of runs', LIST_KEYS],
  ['A run', VIEW_KEYS],
  ['Live', LIVE_KEYS],
  ['Charts, in Live and Replay', CHART_KEYS],
  ['Events', EVENTS_KEYS],
  ['Replay', [...REPLAY_KEYS, ...CALENDAR_KEYS]],
  ['Forensics', [...Object.values(ASK_KEYS).flat(), ...WHY_KEYS]],
];

export function Help() {
  const [isOpen, setOpen] = useState(false);
  useKeys(PAGE_KEYS, () => setOpen(true));
  return (
    <>
      <button type="button" class="wide-only" title="?" onClick={() => setOpen(true)}>
        Keys
      </button>
      {isOpen && <HelpDialog onClose={() => setOpen(false)} />}
    </>
  );
}

function HelpDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" class="help" onClose={onClose} closesBy="?">
      <div class="actions">
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
      <div class="help-tables">
        {TABLES.map(([where, bindings]) => (
          <section key={where}>
            <h3>{where}</h3>
            <dl>
              {bindings.map(({ intent, label, help }) => (
                <div key={intent}>
                  <dt>
                    <KeyLabel label={label} />
                  </dt>
                  <dd>{help}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}

/** `Shift ← H` are two keys, of which one is held with another. */
function KeyLabel({ label }: { label: string }) {
  return label.split(/(?<!Shift) /).map((key) => <kbd key={key}>{key}</kbd>);
}
