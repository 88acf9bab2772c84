/** What citizens know, bounded. */

/** Of what citizens know so much is kept of each kind. */
const REMEMBERED = 256;

/** The newest of them are kept. */
export function remember<Value>(known: Map<string, Value>, key: string, value: Value): void {
  known.set(key, value);
  if (known.size > REMEMBERED) known.delete(known.keys().next().value as string);
}
