/** What a survey finds out of the services behind the gate that tests start, so that none has to be made. */
export const surveyed = (service: 'restart' | 'keep') => [
  ...['--gate-service', service],
  ...['--settle', 'sleep'],
  ...['--gate-pool', '6'],
];
