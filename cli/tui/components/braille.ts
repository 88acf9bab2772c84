/** A series as columns of braille dots that are filled from below: two values and four heights a cell. */

/** Bits of the dots of a cell, from the lowest up, of its left and of its right column. */
const DOTS = [
  [0x40, 0x04, 0x02, 0x01],
  [0x80, 0x20, 0x10, 0x08],
] as const;
const HEIGHTS = 4;

/** Values that one column of the terminal takes. */
export const VALUES_PER_CELL = 2;

/** Rows from the top. Values are from 0 to `most`; one at 0 has its lowest dot, so that it is told from nothing. */
export function brailleRows(values: readonly number[], most: number, height: number): string[] {
  const top = height * HEIGHTS - 1;
  const filled = values.map((value) => Math.round((value / most) * top) + 1);
  const cells = Math.ceil(values.length / VALUES_PER_CELL);
  return Array.from({ length: height }, (_, row) => {
    const below = (height - 1 - row) * HEIGHTS;
    return Array.from({ length: cells }, (_, cell) => brailleCell(filled, cell, below)).join('');
  });
}

function brailleCell(filled: readonly number[], cell: number, below: number): string {
  let bits = 0;
  for (const [side, dots] of DOTS.entries()) {
    const height = (filled[cell * VALUES_PER_CELL + side] ?? 0) - below;
    for (const [level, bit] of dots.entries()) if (level < height) bits |= bit;
  }
  return bits === 0 ? ' ' : String.fromCharCode(0x2800 + bits);
}
