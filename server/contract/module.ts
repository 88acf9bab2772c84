/**
 * Targets and scenarios that are files of the user's. A run bears a label of the file, for people to read;
 * the file itself is loaded only where the command is given, never because a run names it.
 */

const PREFIX = 'module:';
const LONGEST_LABEL = 200;

/** `module:./my-service.ts`, for a file as the user wrote it. */
export function moduleLabel(file: string): string {
  const path = /^(\.{0,2}\/|[a-z]:|\\)/i.test(file) ? file : `./${file}`;
  return `${PREFIX}${path.slice(-(LONGEST_LABEL - PREFIX.length))}`;
}

/** True for a target or scenario that is a file. */
export function isModuleLabel(name: string): boolean {
  return name.startsWith(PREFIX);
}

/** The file of a label, as the user wrote it. For reading only: a label is no leave to load anything. */
export function fileOfLabel(label: string): string {
  return label.slice(PREFIX.length);
}

/** True when this flag's text means a file: `./my-service.ts`, `my-service.mjs`. */
export function isModuleFile(text: string): boolean {
  return /\.(ts|mts|js|mjs)$/i.test(text) && !/^[a-z][a-z0-9+.-]+:\/\//i.test(text);
}
