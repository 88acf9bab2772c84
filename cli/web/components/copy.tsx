/** Copies a command, and says whether the browser let it. */
import { useState } from 'preact/hooks';
import { announce } from '../state/announce.ts';

export function Copy({ command }: { command: string }) {
  const [said, setSaid] = useState('');
  const copy = async () => {
    // Only pages on https or on this machine may write to the clipboard.
    const isCopied = await navigator.clipboard?.writeText(command).then(
      () => true,
      () => false,
    );
    setSaid(isCopied ? 'Copied.' : 'Not allowed here: select the text.');
    announce(isCopied ? 'Copied the command.' : 'The browser does not let this page copy.');
  };
  return (
    <>
      <span class="dim">{said} </span>
      <button type="button" onClick={copy}>
        Copy
      </button>
    </>
  );
}
