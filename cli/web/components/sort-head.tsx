/** The heads of a table of runs, by which it is sorted; the order is in the address. */
import type { ComponentChildren } from 'preact';
import type { Order } from '../../run/run-order.ts';
import type { Route } from '../state/route.ts';
import { Link } from './link.tsx';

interface SortProps {
  title: string;
  order: Order;
  route: Extract<Route, { page: 'runs' }>;
}

interface SortHeadProps extends SortProps {
  class?: string;
  /** Another order by what stands in the column. */
  children?: ComponentChildren;
}

const SORT_OF: Record<Order, 'ascending' | 'descending'> = {
  newest: 'descending',
  status: 'ascending',
  events: 'descending',
  duration: 'descending',
  seed: 'ascending',
};

export function SortHead({ class: className, children, ...sort }: SortHeadProps) {
  const isSorted = (sort.route.order ?? 'newest') === sort.order;
  return (
    <th scope="col" class={className} aria-sort={isSorted ? SORT_OF[sort.order] : undefined}>
      <SortLink {...sort} /> {children}
    </th>
  );
}

/** Sorts; once more, and the newest come first again. */
export function SortLink({ title, order, route }: SortProps) {
  const isSorted = (route.order ?? 'newest') === order;
  return (
    <Link
      to={{ ...route, order: isSorted ? 'newest' : order }}
      class="sort"
      label={`Sort by ${title.toLowerCase()}`}
    >
      {title}
      {isSorted && <span aria-hidden="true">{SORT_OF[order] === 'ascending' ? ' ▴' : ' ▾'}</span>}
    </Link>
  );
}
