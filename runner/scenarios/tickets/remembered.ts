/** Of what citizens know so much is kept of each kind. */
export const REMEMBERED = 256;
