/** Copies a text, and says whether the browser let it. */
import { useState } from 'preact/hooks';
import { announce } from '../state/announce.ts';

interface CopyProps {
  text: string;
  /** What it is. */
  what?: 'command' | 'link';
  /** Of the button. */
  children?: string;
}

export function Copy({ text, what = 'command', children = 'Copy' }: CopyProps) {
  const [said, setSaid] = useState('');
  const copy = async () => {
    // Only pages on https or on this machine may write to the clipboard.
    const isCopied = await navigator.clipboard?.writeText(text).then(
      () => true,
      () => false,
    );
    setSaid(isCopied ? 'Copied.' : 'Not allowed here: select the text.');
    announce(isCopied ? `Copied the ${what}.` : 'The browser does not let this page copy.');
  };
  return (
    <>
      {said !== '' && <span class="dim">{said} </span>}
      <button type="button" onClick={copy}>
        {children}
      </button>
    </>
  );
}
