/** The views of mission control, and the keys that lead to them. */

export interface View {
  name: string;
  args: string[];
  /** Keys, each with what it shows; '' waits only. */
  keys: readonly [key: string, shows: string | RegExp][];
}

/** Of a run that failed, the same with the right service, one that goes on, and a campaign. */
export function viewsOf(failed: string, right: string, going: string, campaign: string): View[] {
  const watch = ['watch', failed];
  return [
    { name: 'live', args: ['watch', going], keys: [['', /event \d?[3-9],\d{3} /]] },
    {
      name: 'events',
      args: watch,
      keys: [
        ['2', 'the last of'],
        ['[', / of 0 to/],
        ['k', / of 0 to/],
        ['\r', 'interval'],
      ],
    },
    { name: 'forensics', args: watch, keys: [['3', 'WHY']] },
    {
      name: 'replay',
      args: ['replay', failed],
      keys: [
        ['[', 'acknowledged'],
        ['\u001b[D', 'held'],
        ['', /^(?![\s\S]*after event)/],
      ],
    },
    {
      name: 'compare',
      args: ['replay', failed],
      keys: [
        ['c', 'compare with run'],
        [right, right],
        ['\r', 'part at event'],
      ],
    },
    { name: 'checks', args: ['watch', going], keys: [['5', 'Must hold always']] },
    { name: 'runs', args: ['browse'], keys: [['', '● FAIL']] },
    {
      name: 'campaign',
      args: ['browse'],
      keys: [
        ['', '● FAIL'],
        ['C', `campaign ${campaign}`],
        ['', 'are enough'],
      ],
    },
    {
      name: 'help',
      args: watch,
      keys: [
        ['2', 'the last of'],
        ['?', 'Keys of'],
      ],
    },
  ];
}
