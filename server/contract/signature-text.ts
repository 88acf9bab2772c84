/** What broke, as text: for pages, too, which go without the schemas. */

/** A signature as one word, for keys and for people: `linearizability/per-object-history/book.ok`. */
export function formatSignature(signature: {
  kind: string;
  invariant: string;
  operation: string | null;
}): string {
  const { kind, invariant, operation } = signature;
  return [kind, invariant, ...(operation === null ? [] : [operation])].join('/');
}
