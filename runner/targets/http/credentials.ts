/** Users and passwords of services. They are the runner's alone: a run, which is stored and shown, holds none. */

/** `target` with the user and password of the first of `credentials` that is of its origin; else as it is. */
export function withCredentials(target: string, credentials: readonly string[]): string {
  const url = URL.parse(target);
  if (url === null || url.username !== '' || url.password !== '') return target;
  const found = credentials.map((each) => URL.parse(each)).find((each) => each?.origin === url.origin);
  if (!found) return target;
  url.username = found.username;
  url.password = found.password;
  return url.href;
}
