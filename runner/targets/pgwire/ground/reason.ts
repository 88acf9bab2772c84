/** Why something failed, in words that may be shown. */
import { MASK } from '../../../../server/contract/index.ts';
import { GATE_PASSWORD, ROLE_PASSWORD } from './passwords.ts';

export function reasonOf(error: unknown): string {
  return withoutPasswords(error instanceof Error ? error.message : String(error));
}

/** What a command printed that was given the passwords. */
export function withoutPasswords(text: string): string {
  return text.replaceAll(ROLE_PASSWORD, MASK).replaceAll(GATE_PASSWORD, MASK);
}
