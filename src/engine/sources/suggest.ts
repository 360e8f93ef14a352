import type { BackendSource, SourceType } from '../../core/config/model.ts';
import { SOURCE_TYPES } from '../../core/config/model.ts';
import type { TraceLink } from '../../core/links/model.ts';
import type { NewSource } from '../../protocol/remote.ts';

/** The entry that would make a link's host known, for a person to agree to; `null`: none would. Its keys are named, and nothing is sent. */
export function suggestSource(link: TraceLink, entries: readonly BackendSource[]): NewSource | null {
  const type = SOURCE_TYPES.find((candidate): candidate is SourceType => candidate === link.backend);
  if (type === undefined || link.origin === null) return null;
  const page = `${link.origin}${link.base}`;
  const taken = new Set(entries.map(({ name }) => name));
  let name: string = type;
  for (let number = 2; taken.has(name); number++) name = `${type}-${number}`;
  return { name, type, ...addressOf(type, page), ...(link.project !== null && type !== 'phoenix' ? { project: link.project } : {}), ...(type === 'tempo' ? (link.tenant === null ? {} : { datasource: link.tenant }) : type === 'opik' || type === 'langsmith' ? (link.tenant === null ? {} : { tenant: link.tenant }) : {}) };
}

/** The interface of a page, by the vendors' own habits; a page elsewhere has its interface below it. */
function addressOf(type: SourceType, page: string): { readonly url: string; readonly app?: string } {
  const { protocol, host } = new URL(page);
  switch (type) {
    case 'langsmith': return host.endsWith('smith.langchain.com') ? { url: `${protocol}//${host.replace(/smith\.langchain\.com$/, 'api.smith.langchain.com')}` } : { url: page };
    case 'weave': return host === 'wandb.ai' || host.endsWith('.wandb.ai') ? { url: 'https://trace.wandb.ai' } : { url: `${protocol}//${host}/traces`, app: page };
    case 'opik': return { url: `${page}/api` };
    case 'datadog': return { url: `${protocol}//api.${host.replace(/^app\./, '')}` };
    case 'honeycomb': return { url: `${protocol}//${host.replace(/^ui\./, 'api.')}` };
    default: return { url: page };
  }
}
