/** `simcity runners`: who works for campaigns, the one heard of last first. */
import type { Runner } from '../../server/contract/index.ts';
import { connectForReading } from '../hosting/connect.ts';
import type { ServerFlags } from '../hosting/find-server.ts';
import { printRows } from '../output/rows.ts';
import type { Style } from '../output/style.ts';
import type { Column } from '../output/table.ts';
import type { Context } from '../process/context.ts';
import { EXIT } from '../process/errors.ts';
import { doesText, heardText, isSilent } from '../run/runner-words.ts';
import { safeText } from '../run/sanitize.ts';

interface RunnersFlags extends ServerFlags {
  json?: true;
}

export async function runners(context: Context, flags: RunnersFlags): Promise<number> {
  const { api, hosted } = await connectForReading(context, flags);
  try {
    const found = (await api.runners()).runners;
    const none = 'no runner was heard of in the last day. `simcity runner` starts one.';
    await printRows(context, found, { json: flags.json === true, none, columns });
    return EXIT.pass;
  } finally {
    await hosted?.close();
  }
}

function columns(style: Style): Column<Runner>[] {
  return [
    { title: 'RUNNER', value: ({ name }) => safeText(name) },
    { title: 'HOST', value: ({ host }) => safeText(host) },
    {
      title: 'DOES',
      value: (runner) => `${doesText(runner)} ${safeText(runner.work?.campaign ?? '')}`.trimEnd(),
    },
    {
      title: 'HEARD OF',
      value: (runner) => `${heardText(runner)}${isSilent(runner) ? ', silent' : ''}`,
      paint: (text, runner) => (isSilent(runner) ? style.yellow(text) : text),
    },
    {
      title: 'BUILD',
      value: ({ version, build, hasCode }) =>
        `${safeText(version)} ${safeText(build.slice(0, 8))}${hasCode ? ', code of its own' : ''}`,
    },
    { title: 'LABELS', value: ({ labels }) => labels.map(safeText).join(', ') },
  ];
}
