/**
 * Causes that are not of interleaving: what a request did that it should not do, whoever else is there. Each rule looks at
 * statements, what commits changed, and answers; the first that holds, and that no passing run excuses, tells.
 */
import type { Cause, Findings, FoundCause, Laboratory, RecordedRequest, RowChange } from './findings.ts';
import { FirstWrongs, firstWrongIn } from './first-wrong.ts';
import type { KeptLaboratory } from './laboratory.ts';
import { missingConstraintIn } from './missing-constraint.ts';
import { haveState, PassingRuns } from './passing.ts';
import { RULES } from './rules/index.ts';
import type { Rule, Scene } from './rules/rule.ts';
import { sceneOf } from './rules/scene.ts';
import { guidedAs } from './serial.ts';
import { TakenBack } from './taken-back.ts';

/** What the failure comes from when no pair of requests explains it; null: not known. */
export async function findCause(found: Findings, lab: KeptLaboratory): Promise<FoundCause | null> {
  const { subject, serial, recording, accused } = found;
  const passing = new PassingRuns({ subject, forensic: recording.forensic }, lab);
  const firsts = new FirstWrongs(found, lab);
  // Where nobody meets anybody it shows most plainly.
  const scenes = serial.failing ? [sceneOf(serial.failing, accusedIn(found))] : [];
  for (const scene of [...scenes, sceneOf(recording, accused)]) {
    for (const rule of RULES) {
      const cause = rule(scene);
      if (cause === null) continue;
      if (cause.isUsual) {
        const likely = await likeliest(rule, scene, found, { passing, firsts, lab });
        if (likely) return { cause: shown(likely), recording: scene.recording };
        continue;
      }
      const tried = await withoutWrongRows(rule, scene, found, lab);
      if (tried === 'passes') return { cause: shown(cause), recording: scene.recording };
      const isExcused =
        (tried === 'fails' && !answersWrongly(cause, scene.accused)) ||
        cause.isShownOnly === true ||
        (await passing.excuses(rule, cause, scene.recording));
      if (!isExcused && !lab.spent) return { cause, recording: scene.recording };
    }
  }
  return (
    (await missingConstraintIn(found, accusedIn(found), passing, lab)) ??
    (await firstWrongIn(found, firsts, lab))
  );
}

/**
 * Of what is usual as well, where all is well without it: by the request that goes wrong first, or to rows to which it is not
 * done in runs that pass. Without another request there may be nothing left to fail, though what it did was right.
 */
async function likeliest(
  rule: Rule,
  scene: Scene,
  found: Findings,
  { passing, firsts, lab }: { passing: PassingRuns; firsts: FirstWrongs; lab: Laboratory },
): Promise<Cause | null> {
  const { recording } = scene;
  const first = await firsts.in(recording);
  for (const suspect of scene.suspects) {
    const only = { ...scene, suspects: [suspect] };
    const cause = rule(only);
    if (cause === null || lab.spent) continue;
    const wrong = cause.wrong ?? [];
    const unusual = await passing.unusual(wrong);
    if (unusual === null && suspect !== first?.request) {
      // Where rows do not tell, those who ask for the same in passing runs do.
      if (haveState(wrong) || (await passing.excuses(rule, cause, recording))) continue;
    }
    if ((await withoutWrongRows(rule, only, found, lab)) === 'passes') return rule({ ...only, unusual });
  }
  return null;
}

/** What becomes of it when all rows that are wrong by this rule are made what they were, as soon as they are committed. */
async function withoutWrongRows(
  rule: Rule,
  scene: Scene,
  found: Findings,
  lab: Laboratory,
): Promise<'passes' | 'fails' | 'unknown'> {
  const { recording } = scene;
  const wrong = scene.suspects.flatMap((request): [string, readonly RowChange[]][] => {
    const rows = rule({ ...scene, suspects: [request] })?.wrong ?? [];
    return rows.length > 0 ? [[request.key, rows]] : [];
  });
  if (wrong.length === 0 || lab.spent) return 'unknown';
  lab.stage('taking back what should not have been written');
  const without = new TakenBack(new Map(wrong));
  const { fails, gaveWay } = await lab.run({ statements: without, ...guidedAs(recording, found) });
  if (gaveWay > 0 || without.failed > 0 || without.rows === 0) return 'unknown';
  return fails === 'no' ? 'passes' : fails === 'same' ? 'fails' : 'unknown';
}

/** The failure may be that it said ok to what it did: rows have nothing to do with that. */
function answersWrongly({ request }: Cause, accused: RecordedRequest | null): boolean {
  return request === accused && request.reply?.outcome === 'ok';
}

function shown(cause: Cause): Cause {
  const measured = 'Passes when that is taken back, all else in the same order.';
  return { ...cause, conclusion: [...cause.conclusion, measured] };
}

/** The accused as the execution has it that is looked at. */
function accusedIn({ accused, serial }: Findings): RecordedRequest | null {
  if (!serial.failing) return accused;
  const { forensic, requests } = serial.failing;
  const op = forensic.operation?.['op'];
  return (
    requests.find((request) => request.op === op) ?? requests.find(({ key }) => key === accused?.key) ?? null
  );
}
