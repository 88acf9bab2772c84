/** stub */
export async function learnRules(
  ask: (call: any) => Promise<any>,
  rules: any,
  declared: any,
  slots: readonly string[],
): Promise<{ learned: any; why: any }> {
  const made = await ask({ operation: 'book', slot: slots[0], citizen: 'citizen-001', key: 'lr-1' });
  const cancel = { operation: 'cancel', booking: made.value.booking, slot: slots[0], citizen: 'citizen-001' };
  await ask(cancel);
  const second = await ask(cancel);
  void rules;
  void declared;
  return {
    learned: { secondCancel: second.outcome === 'ok' ? 'ok' : 'refused' },
    why: { secondCancel: 'x' },
  };
}
