/** The help overlay, drawn from the key table. */
import { Box, Text } from 'ink';
import { Panel } from '../components/panel.tsx';
import { BINDINGS } from '../input/keymap.ts';
import type { Size } from '../state/state.ts';

export function HelpView({ area }: { area: Size }) {
  const width = Math.min(area.columns, 84);
  const height = Math.min(area.rows, BINDINGS.length + 4);
  return (
    <Box width={area.columns} height={area.rows} alignItems="center" justifyContent="center">
      <Panel title="Keys" aside="? closes" width={width} height={height}>
        <Text> </Text>
        {BINDINGS.map(({ label, help }) => (
          <Text key={label} wrap="truncate">
            <Text bold>{label.padEnd(8)}</Text>
            {help}
          </Text>
        ))}
      </Panel>
    </Box>
  );
}
