import type { Rejection } from './model.ts';

/** Of one input so many are kept one by one, with what they hold. */
const MOST_KEPT = 1000;

/** Adds to what could not be taken. A thousand wrong items tell what a million do: the rest is counted in one. */
export function reject(rejected: Rejection[], make: () => Rejection): void {
  if (rejected.length < MOST_KEPT) {
    rejected.push(make());
    return;
  }
  const last = rejected.length > MOST_KEPT ? rejected.pop()! : null;
  rejected.push({ where: '', reason: 'not kept one by one', value: null, count: (last?.count ?? 0) + 1 });
}

/** How many items a list of rejections stands for. */
export function countRejected(rejected: readonly { readonly count?: number }[]): number {
  return rejected.reduce((sum, { count = 1 }) => sum + count, 0);
}
