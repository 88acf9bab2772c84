/** Where components put their lines: a set of rectangles, of which the picture is composed. */
import { Canvas } from './canvas.ts';
import type { Line } from './line.ts';
import type { Hit } from './target.ts';

/** A rectangle of the screen, in columns and rows from the top left corner. */
export interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Region extends Place {
  lines: readonly Line[];
  /** What the mouse knows it by; null: nothing. */
  name: string | null;
  /** Higher ones lie on top; 0 by default. */
  layer: number;
}

export class Surface {
  readonly #regions = new Map<string, Region>();
  #version = 0;
  #newest: Canvas | null = null;

  /** Moves with every change. */
  get version(): number {
    return this.#version;
  }

  put(id: string, region: Region): void {
    this.#regions.set(id, region);
    this.#version++;
  }

  remove(id: string): void {
    this.#regions.delete(id);
    this.#version++;
  }

  /** The picture of all regions. */
  compose(columns: number, rows: number): Canvas {
    const canvas = new Canvas(columns, rows);
    const regions = [...this.#regions.values()].sort((a, b) => a.layer - b.layer);
    for (const { x, y, width, height, lines, layer } of regions) {
      if (layer > 0) canvas.clear(x, y, width, height);
      for (let row = 0; row < Math.min(height, lines.length); row++) {
        const line = lines[row];
        if (line !== undefined) canvas.draw(x, y + row, line, width);
      }
    }
    this.#newest = canvas;
    return canvas;
  }

  /** What the newest picture has at a column and a row, from 0. */
  hit(column: number, row: number): Hit {
    const over = [...this.#regions.values()].filter(
      ({ x, y, width, height }) => column >= x && column < x + width && row >= y && row < y + height,
    );
    const top = over.sort((a, b) => b.layer - a.layer)[0];
    const cell = this.#newest?.cells[row]?.[column];
    const target = cell?.style.target ?? null;
    return { target, pane: top?.name ?? null, row: row - (top?.y ?? 0) - 1 };
  }
}
