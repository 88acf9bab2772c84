/** Which shards a Job is through with, as the API tells it: `1,3-5,7`. */

/** Each index in it; none of what is no such text. */
export function indexesIn(text: string | undefined): number[] {
  return (text ?? '').split(',').flatMap((part) => {
    const match = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(part);
    if (match === null) return [];
    const first = Number(match[1]);
    const last = Number(match[2] ?? first);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
  });
}
