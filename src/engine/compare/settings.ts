import type { CompareSettings } from '../../protocol/compare.ts';

/** What a comparison is about unless somebody says otherwise: five points of the pass rate. */
export const STANDARD_SETTINGS: CompareSettings = { margin: 0.05, metric: 'passRate', sliceBy: null };
