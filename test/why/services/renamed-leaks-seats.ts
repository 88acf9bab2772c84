/** WRONG as `leaks-seats` of the fixtures is, over tables and columns of other names. */
import service from '../../fixtures/sql-services/leaks-seats.ts';
import { renamed } from '../renamed.ts';

export default renamed(service);
