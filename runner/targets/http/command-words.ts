/** Splits a command into words as a POSIX shell does with quotes and backslashes, and nothing else of a shell. */

const PART = /'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])|([^\s'"\\]+)|(\s+)/y;

/**
 * `node "my service.ts" --port 8080` as three words and a number. Variables, pipes and redirections mean
 * nothing here: whoever needs them names a shell (`sh -c '…'`).
 * @throws Error when a quote is not closed or nothing is left.
 */
export function commandWords(command: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  PART.lastIndex = 0;
  while (PART.lastIndex < command.length) {
    const at = PART.lastIndex;
    const match = PART.exec(command);
    if (!match)
      throw new Error(`The command ${JSON.stringify(command)} has an open quote at character ${at + 1}.`);
    const [, single, double, escaped, bare, space] = match;
    if (space !== undefined) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = (word ?? '') + (single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? bare ?? '');
    }
  }
  if (word !== null) words.push(word);
  if (words.length === 0)
    throw new Error('The command of the service is empty: give one such as "node service.js".');
  return words;
}
