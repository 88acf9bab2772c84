/** Values of a statement as the driver sends them. */
import type { SqlValue } from '../../service/sql-service.ts';

/** Lists as literals of arrays: the driver knows no types of arrays, since it does not ask each server for them. */
export function sentValues(values: readonly SqlValue[]): never[] {
  return values.map((value) =>
    typeof value === 'object' && value !== null ? arrayLiteral(value) : value,
  ) as never[];
}

/** As PostgreSQL's documentation says of input of array values (section 8.15.6): every element in quotes. */
function arrayLiteral(values: readonly (string | number)[]): string {
  return `{${values.map((value) => `"${String(value).replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
}
