import type { BackendSource } from '../../core/config/model.ts';
import { TouchstoneError } from '../../core/errors.ts';
import { guessNote } from '../../core/links/vendors.ts';
import type { TraceLink } from '../../core/links/model.ts';

export const KNOWN_PAGES = 'Langfuse, LangSmith, Phoenix, Opik, Weave, Jaeger, Grafana, Datadog or Logfire';

export function notALink(text: string): TouchstoneError {
  return new TouchstoneError('usage', `“${text.trim().slice(0, 80)}” is neither a link to a trace nor an id of one. Paste a link of ${KNOWN_PAGES}, a trace id, or a traceparent header.`);
}

/** What a person should know of a link beside what it says; `null`: nothing. */
export function noteOf(link: TraceLink, sources: readonly BackendSource[], entries: readonly BackendSource[]): string | null {
  if (sources.length > 0) return null;
  if (link.source !== null) return `touchstone.yml has no source "${link.source}".`;
  if (link.url === null) return entries.length === 0 ? 'No source is configured in touchstone.yml.' : 'No source in touchstone.yml has such ids.';
  if (link.backend === 'unknown') return 'The address is no page of a trace that Touchstone knows.';
  const { host } = new URL(link.url);
  const guess = guessNote(link.backend, host);
  return `No source in touchstone.yml is configured for ${host}: nothing would be contacted before one is added.${guess === null ? '' : ` ${guess}`}`;
}

export function cannot(entry: BackendSource, what: string): TouchstoneError {
  return new TouchstoneError('usage', `Source "${entry.name}" (${entry.type}) cannot ${what}.`);
}
