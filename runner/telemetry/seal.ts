/** The report of the end without secrets. It fails closed: a bundle that cannot be cleaned is not stored. */
import {
  type EndReport,
  type Forensic,
  forensicSchema,
  MASK,
  type Redactor,
} from '../../server/contract/index.ts';

const WITHHELD = 'The bundle was withheld, because secrets in it could not be masked.';

/** `report` as JSON that may be written. */
export function sealedJson(report: EndReport, redactor: Redactor): string {
  const { status } = report;
  const failForensic = report.failForensic && sealedForensic(report.failForensic, redactor);
  const reason = report.reason === null ? null : redactor.text(report.reason);
  return JSON.stringify({ status, reason, failForensic });
}

/** `forensic` without secrets; what is left of it when they cannot be masked. */
export function sealedForensic(forensic: Forensic, redactor: Redactor): Forensic {
  try {
    const json = redactor.text(JSON.stringify({ ...forensic, ...sealedProcess(forensic, redactor) }));
    const sealed = forensicSchema.parse(JSON.parse(json));
    return redactor.finds(json) ? withheld(forensic) : sealed;
  } catch {
    return withheld(forensic);
  }
}

/** What processes printed is cleaned as a whole, because a secret may go over several lines. */
function sealedProcess({ process }: Forensic, redactor: Redactor): Pick<Forensic, 'process'> {
  if (!process) return {};
  const entries = Object.entries(process).map(([name, value]) => [
    name,
    isLines(value) ? redactedLines(value, redactor) : value,
  ]);
  return { process: Object.fromEntries(entries) };
}

function isLines(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

/** The last lines of an output without secrets, also of a block of PEM whose beginning is not among them. */
export function redactedLines(lines: readonly string[], redactor: Redactor): string[] {
  const text = lines
    .join('\n')
    .replace(/^[\s\S]*?-----END [A-Z0-9 ]+-----/, (begun) => (begun.includes('-----BEGIN') ? begun : MASK));
  return lines.length === 0 ? [] : redactor.text(text).split('\n');
}

/** What is left of a bundle: nothing that came from outside. */
function withheld(forensic: Forensic): Forensic {
  return {
    version: 1,
    kind: forensic.kind,
    invariant: /^[a-z0-9-]{1,64}$/.test(forensic.invariant) ? forensic.invariant : 'withheld',
    message: WITHHELD,
    eventIndex: forensic.eventIndex,
    virtualMs: forensic.virtualMs,
    operation: null,
    actual: null,
    expected: null,
    object: null,
    history: [],
    lastEvents: [],
    city: null,
    difference: [],
    faultsActive: [],
    seed: forensic.seed,
    config: {},
    versions: {},
    reproduce: '',
  };
}
