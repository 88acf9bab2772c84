/** Keys that are pressed before anything reads them: kept for who reads them later; Ctrl-C is heeded at once. */
import type { TerminalInput } from './background.ts';

const INTERRUPT = 3;

/** Holds the keys back from now on. Returns what gives them on. */
export function holdKeys(stdin: TerminalInput, onInterrupt: () => void): () => void {
  const held: Buffer[] = [];
  const listen = () => {
    for (let chunk = stdin.read(); chunk !== null; chunk = stdin.read()) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk), 'latin1');
      if (bytes.includes(INTERRUPT)) onInterrupt();
      else held.push(bytes);
    }
  };
  stdin.on('readable', listen);
  return () => {
    stdin.off('readable', listen);
    if (held.length > 0) stdin.unshift(Buffer.concat(held.splice(0)));
  };
}
