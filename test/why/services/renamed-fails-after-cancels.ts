/** WRONG as `fails-after-cancels` of the fixtures is, over tables and columns of other names. */
import service from '../../fixtures/sql-services/fails-after-cancels.ts';
import { renamed } from '../renamed.ts';

export default renamed(service);
