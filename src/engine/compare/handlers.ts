import { compareDocument } from '../../core/report/compare-json.ts';
import { compareHtml } from '../../core/report/compare-html.ts';
import { compareMarkdown } from '../../core/report/compare-markdown.ts';
import type { ReportedComparison } from '../../core/report/compare-model.ts';
import type { CompareMethods } from '../../protocol/compare.ts';
import type { Evals } from '../evals.ts';
import { writeReport } from '../export.ts';
import type { Workspace } from '../workspace.ts';
import { Comparisons, type ComparisonPorts } from './comparisons.ts';
import { lastComparison } from './last.ts';
import { ComparisonStarts } from './start.ts';

type CompareHandlers = { readonly [M in keyof CompareMethods]: (params: CompareMethods[M][0], signal: AbortSignal) => Promise<CompareMethods[M][1]> };
type ExportFormat = CompareMethods['compare/export'][0]['format'];

/** Comparisons of one workspace folder. */
export interface CompareParts {
  readonly comparisons: Comparisons;
  readonly starts: ComparisonStarts;
  readonly last: (params: CompareMethods['compare/last'][0]) => ReturnType<typeof lastComparison>;
}

export function compareParts(workspace: Workspace, evals: Evals, ports: ComparisonPorts): CompareParts {
  return {
    comparisons: new Comparisons(workspace, evals, ports),
    starts: new ComparisonStarts(workspace, evals),
    last: (params) => lastComparison(params, workspace, ports.versionsOf),
  };
}

const WRITERS: Readonly<Record<ExportFormat, (comparisons: readonly ReportedComparison[]) => string>> = {
  markdown: compareMarkdown,
  html: compareHtml,
  json: (comparisons) => `${JSON.stringify(compareDocument(comparisons), null, 1)}\n`,
};

/** What the engine answers about comparisons. `get`: those of the folder that is open. */
export function compareHandlers(get: () => CompareParts): CompareHandlers {
  return {
    'compare/estimate': (params, signal) => get().starts.estimate(params, signal),
    'compare/start': (params, signal) => get().starts.start(params, signal),
    'compare/get': (params) => get().comparisons.get(params),
    'compare/page': (params) => get().comparisons.page(params),
    'compare/find': (params) => get().comparisons.find(params),
    'compare/case': (params) => get().comparisons.case(params),
    'compare/prompts': (params) => get().comparisons.prompts(params),
    'compare/distributions': (params) => get().comparisons.distributions(params),
    'compare/verdict': (params) => get().comparisons.verdict(params),
    'compare/export': async ({ ref, settings, together, format, file }) => {
      const { comparisons } = get();
      const all = together === undefined || together.length === 0 ? [ref] : together;
      const reports: ReportedComparison[] = [];
      for (const one of all) reports.push(await comparisons.report({ ref: one, settings, together }));
      const text = WRITERS[format](reports);
      if (file === undefined) return { text };
      await writeReport(file, [text]);
      return { text: '' };
    },
    'compare/last': async (params) => {
      const { comparisons, last } = get();
      const ref = await last(params);
      return ref === null ? null : comparisons.get({ ref, overlays: params.overlays });
    },
  };
}
