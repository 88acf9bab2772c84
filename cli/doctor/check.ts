/** What a check of the doctor finds. */

export interface Check {
  name: string;
  /** `warn`: it works, but not as well as it could. */
  state: 'ok' | 'warn' | 'fail';
  /** What was found. */
  found: string;
  /** What to do about it; empty when nothing. */
  advice: string;
}

export const ok = (name: string, found: string): Check => ({ name, state: 'ok', found, advice: '' });
export const warn = (name: string, found: string, advice: string): Check => ({
  name,
  state: 'warn',
  found,
  advice,
});
export const fail = (name: string, found: string, advice: string): Check => ({
  name,
  state: 'fail',
  found,
  advice,
});
