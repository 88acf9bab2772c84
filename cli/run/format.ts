/** Numbers, times and durations as people read them. */

const grouped = new Intl.NumberFormat('en-US');
const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });

/** `18204` as `18,204`; fractions with two digits. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '-';
  return grouped.format(Number.isInteger(value) ? value : Math.round(value * 100) / 100);
}

/** `1234567` as `1.2M`, for narrow places. */
export function formatCompact(value: number): string {
  if (!Number.isFinite(value)) return '-';
  return Math.abs(value) < 10_000 ? formatNumber(Number(value.toPrecision(4))) : compact.format(value);
}

/** Milliseconds as a clock: `00:12.4`, `1:02:03.4`, with as many decimals as asked. */
export function formatClock(ms: number, decimals = 1): string {
  const unit = 10 ** (3 - decimals);
  const total = Math.max(0, Math.floor(ms / unit) * unit);
  const hours = Math.floor(total / 3_600_000);
  const minutes = Math.floor((total % 3_600_000) / 60_000);
  const seconds = Math.floor((total % 60_000) / 1_000);
  const fraction =
    decimals === 0
      ? ''
      : `.${String(total % 1_000)
          .padStart(3, '0')
          .slice(0, decimals)}`;
  const short = `${String(minutes).padStart(2, '0')}:${String(seconds).padStart(2, '0')}${fraction}`;
  return hours > 0 ? `${hours}:${short}` : short;
}

/** `1 execution`, `1,200 executions`. */
export function counted(count: number, one: string, many: string): string {
  return `${formatNumber(count)} ${count === 1 ? one : many}`;
}

/** Seconds in the unit that reads best: `0.84 s`, `12.4 s`, `3 min 05 s`, `7 h 40 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes >= 100) return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
  return `${minutes} min ${String(whole % 60).padStart(2, '0')} s`;
}

/** The id of a run, short enough for a header: `019ab2c4…7f3c`. */
export function shortId(id: string): string {
  return id.length <= 13 ? id : `${id.slice(0, 8)}…${id.slice(-4)}`;
}

/** A metric's value with its unit, told from its name. */
export function formatMetric(name: string, value: number): string {
  return name.endsWith('_ms') ? `${formatNumber(Math.round(value * 10) / 10)} ms` : formatNumber(value);
}

/** `8.4 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let value = bytes;
  while (value >= 1_024 && units.length > 1) {
    value /= 1_024;
    units.shift();
  }
  return `${value < 10 ? Math.round(value * 10) / 10 : formatNumber(Math.round(value))} ${units[0]}`;
}
