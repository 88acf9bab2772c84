/** The text of SQL without the values that a driver wrote into it, for whoever wants none kept. */

/** A quoted name, which is none; a string in any of the ways that PostgreSQL has; a comment; a word; a number. */
const TOKEN =
  /("(?:[^"]|"")*")|[eE]'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)|(?:[uU]&|[bBxXnN])?'(?:[^']|'')*(?:'|$)|\$([A-Za-z_]\w*)?\$[\s\S]*?(?:\$\2\$|$)|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|([\p{L}_$][\p{L}\p{N}_$]*)|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/gu;

/** With `?` for each string and each number; names and placeholders stay. Comments go: some drivers write values there. */
export function withoutLiterals(sql: string): string {
  return sql.replace(TOKEN, (token, quotedName?: string, _tag?: string, word?: string) => {
    if (quotedName !== undefined || word !== undefined) return token;
    return token.startsWith('--') || token.startsWith('/*') ? '' : '?';
  });
}

/** What the strings say that stand in the text. */
export function literalsIn(sql: string): string[] {
  return (sql.match(TOKEN) ?? []).flatMap((token) => {
    const [, said] = /^(?:[uU]&|[a-zA-Z])?'([\s\S]*?)'?$/.exec(token) ?? [];
    return said === undefined ? [] : [said.replaceAll("''", "'")];
  });
}
