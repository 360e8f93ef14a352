/** What a drawing spans; 0 lies within. */
export interface Scale {
  readonly from: number;
  readonly to: number;
}

/** A scale that holds 0 and everything given, in steps that people count in: `ticks` are multiples of 1, 2 or 5. */
export function scaleOf(values: readonly number[]): Scale & { readonly ticks: readonly number[] } {
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const span = high - low || 1;
  // Three to six of them, zero among them.
  const most = span / 2.5;
  const power = 10 ** Math.floor(Math.log10(most));
  const step = power * ([5, 2].find((factor) => factor * power <= most) ?? 1);
  const ticks: number[] = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + span * 1e-9; at++) ticks.push(at * step || 0);
  return { from: low - span * 0.04, to: high + span * 0.04, ticks };
}

export function place(value: number, { from, to }: Scale, width: number): number {
  return Math.round(((value - from) / (to - from)) * width);
}
