/** Which columns of the grid have room, and how wide they are. */
export interface GridLayout {
  readonly template: string;
  /** Pixels below which the grid scrolls sideways. */
  readonly minWidth: number;
  readonly slice: boolean;
  readonly variables: boolean;
  readonly expected: boolean;
  readonly latency: boolean;
  /** Columns before the first model, the case included. */
  readonly lead: number;
}

const CASE = 168;
/** Grouped rows are indented under their slice. */
const CASE_GROUPED = 188;
const SLICE = 60;
const VARIABLES = 96;
const EXPECTED = 76;
const MODEL = 190;
const MODEL_WITHOUT_LATENCY = 140;
/** Marks of the repeats, and `2/3`. */
const REPEATS = 46;

/**
 * Narrowing drops the variables first, then the latency, then the expected output and the slice; case, mark, output and score stay.
 * With more models than fit, the grid scrolls sideways and the case column stays.
 */
export function gridLayout(width: number, models: number, has: { readonly slices: boolean; readonly expected: boolean; readonly grouped: boolean; readonly repeats: boolean }): GridLayout {
  const slice = has.slices && !has.grouped;
  const caseWidth = has.grouped ? CASE_GROUPED : CASE;
  const build = (shown: { readonly slice: boolean; readonly variables: boolean; readonly expected: boolean; readonly latency: boolean }): GridLayout => {
    const model = (shown.latency ? MODEL : MODEL_WITHOUT_LATENCY) + (has.repeats ? REPEATS : 0);
    const narrow = !shown.variables && !shown.slice && !shown.expected;
    const parts = [narrow ? `minmax(${caseWidth - 40}px, 1fr)` : `${caseWidth}px`];
    if (shown.slice) parts.push(`${SLICE}px`);
    if (shown.variables) parts.push(`minmax(${VARIABLES}px, 1fr)`);
    if (shown.expected) parts.push(`${EXPECTED}px`);
    const lead = parts.length;
    parts.push(`repeat(${Math.max(1, models)}, minmax(${model}px, 1.1fr))`);
    const minWidth = (narrow ? caseWidth - 40 : caseWidth) + (shown.slice ? SLICE : 0) + (shown.variables ? VARIABLES : 0) + (shown.expected ? EXPECTED : 0) + models * model;
    return { template: parts.join(' '), minWidth, lead, ...shown };
  };
  const full = { slice, variables: true, expected: has.expected, latency: true };
  const steps = [
    full,
    { ...full, variables: false },
    { ...full, variables: false, latency: false },
    { slice: false, variables: false, expected: false, latency: false },
  ].map(build);
  return steps.find((step) => step.minWidth <= width) ?? build({ slice: false, variables: false, expected: false, latency: false });
}
