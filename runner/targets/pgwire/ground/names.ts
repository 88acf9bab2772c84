/** What SimCity calls its own on a server: databases and a role, each with the id of the process that they belong to. */
import { randomBytes } from 'node:crypto';

/** All of one stage. */
export interface Names {
  readonly id: string;
  readonly role: string;
  readonly template: string;
  /** The application name of the connection that shows that the process is there. */
  readonly keeper: string;
  /** The `n`th clone. */
  clone(n: number): string;
}

const ID = '([0-9a-f]{12})';
/** A regular expression of PostgreSQL, whose only group is the id. */
export const DATABASE_NAMES = `^simcity_(?:template|clone)_${ID}(?:_[0-9]+)?$`;
/** Likewise. */
export const ROLE_NAMES = `^simcity_gate_${ID}$`;
/** Before the id, in the application name of a keeper. */
export const KEEPER_PREFIX = 'simcity-gate-';

/** The id is random: nothing that is decided depends on it. */
export function freshNames(): Names {
  return namesOf(randomBytes(6).toString('hex'));
}

export function namesOf(id: string): Names {
  return {
    id,
    role: `simcity_gate_${id}`,
    template: `simcity_template_${id}`,
    keeper: KEEPER_PREFIX + id,
    clone: (n) => `simcity_clone_${id}_${n}`,
  };
}
