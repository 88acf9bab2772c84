/** The command that reproduces a run; the server composes the same one at its launch. */
export { type Reproducible, reproduceCommand, shellWord } from '../server/contract/index.ts';
