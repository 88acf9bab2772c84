/** A button that makes a file of a run and hands it to the browser to save. */
import { useState } from 'preact/hooks';
import { safeText } from '../../run/sanitize.ts';
import { asProblem } from '../client/api.ts';
import type { Download } from '../client/downloads.ts';
import { announce } from '../state/announce.ts';

interface SaveButtonProps {
  title: string;
  runId: string;
  /** Which of the downloads. */
  what: 'bundleDownload' | 'reportDownload';
}

/** The address of a file is kept so long, for browsers that are slow to take it. */
const KEPT_MS = 10_000;

export function SaveButton({ title, runId, what }: SaveButtonProps) {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const make = async () => {
    setBusy(true);
    setProblem(null);
    try {
      const downloads = await import('../client/downloads.ts');
      const download = await downloads[what](runId);
      handOver(download);
      announce(`Saved ${download.name}.`);
    } catch (error) {
      setProblem(asProblem(error).message);
    }
    setBusy(false);
  };
  return (
    <>
      {problem !== null && (
        <span class="problem" role="alert">
          {safeText(problem)}{' '}
        </span>
      )}
      <button type="button" onClick={make} disabled={isBusy}>
        {title}
      </button>
    </>
  );
}

function handOver({ name, type, text }: Download): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}
