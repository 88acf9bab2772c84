/** A link within the page. */
import type { ComponentChildren } from 'preact';
import { goTo, onPlainClick } from '../state/navigation.ts';
import { formatRoute, type Route } from '../state/route.ts';

interface LinkProps {
  to: Route;
  children: ComponentChildren;
  class?: string;
  isCurrent?: boolean;
  /** Read out instead of what is shown. */
  label?: string;
}

export function Link({ to, children, isCurrent = false, label, ...rest }: LinkProps) {
  return (
    <a
      href={formatRoute(to)}
      onClick={onPlainClick(() => goTo(to))}
      aria-label={label}
      aria-current={isCurrent ? 'page' : undefined}
      {...rest}
    >
      {children}
    </a>
  );
}
