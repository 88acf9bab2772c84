/** A link within the page. */
import type { ComponentChildren } from 'preact';
import { onLinkClick } from '../state/navigation.ts';
import { formatRoute, type Route } from '../state/route.ts';

interface LinkProps {
  to: Route;
  children: ComponentChildren;
  class?: string;
  isCurrent?: boolean;
}

export function Link({ to, children, isCurrent = false, ...rest }: LinkProps) {
  return (
    <a
      href={formatRoute(to)}
      onClick={onLinkClick(to)}
      aria-current={isCurrent ? 'page' : undefined}
      {...rest}
    >
      {children}
    </a>
  );
}
