import { csvReport } from './csv.ts';
import { htmlReport } from './html.ts';
import { jsonReport } from './json.ts';
import { junitReport } from './junit.ts';
import type { ReportFormat, ReportWriter } from './model.ts';

export const REPORT_WRITERS: Readonly<Record<ReportFormat, ReportWriter>> = {
  json: jsonReport,
  xml: junitReport,
  html: htmlReport,
  csv: csvReport,
};

/** The format that a file's ending asks for; `null`: none that we write. */
export function reportFormatOf(file: string): ReportFormat | null {
  const ending = /\.([a-z]+)$/i.exec(file)?.[1]?.toLowerCase();
  switch (ending) {
    case 'json':
    case 'xml':
    case 'csv':
      return ending;
    case 'html':
    case 'htm':
      return 'html';
    default:
      return null;
  }
}
