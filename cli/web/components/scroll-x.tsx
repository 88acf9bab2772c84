/** What is wider than its place, scrolled sideways: by the keyboard, too. */
import type { ComponentChildren } from 'preact';

/** `label` names it for those who hear the page. */
export function ScrollX({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section class="scroll-x" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
