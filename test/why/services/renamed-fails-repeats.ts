/** WRONG as `fails-repeats` of the fixtures is, over tables and columns of other names. */
import service from '../../fixtures/sql-services/fails-repeats.ts';
import { renamed } from '../renamed.ts';

export default renamed(service);
