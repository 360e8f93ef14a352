import { isObject, type JsonObject } from '../../json.ts';
import type { RetrievedDocument } from '../model.ts';
import { parsed } from './json-text.ts';
import { numberOf, textOf } from './span-view.ts';

export const MAX_DOCUMENTS = 1000;

/** Documents of a retrieval in any SDK's shape; `null` when the value holds none. */
export function documentsOf(value: unknown): RetrievedDocument[] | null {
  const read = parsed(value);
  const list = isObject(read) ? (read['documents'] ?? read['matches'] ?? read['results'] ?? read['output']) : read;
  if (!Array.isArray(list) || list.length === 0) return null;
  const documents: RetrievedDocument[] = [];
  for (const item of list.slice(0, MAX_DOCUMENTS) as unknown[]) {
    const document = documentOf(parsed(item));
    if (!document) return null;
    documents.push(document);
  }
  return documents;
}

function documentOf(value: unknown): RetrievedDocument | null {
  if (typeof value === 'string') return { id: null, content: value, score: null, metadata: null };
  if (!isObject(value)) return null;
  const inner = [value['document'], value['node'], value['kwargs'], value['payload']].find(isObject);
  const document = inner === undefined ? value : { ...value, ...inner };
  const content = contentOf(document);
  const id = textOf(document['id']) ?? textOf(document['id_']) ?? textOf(document['document_id']) ?? textOf(value['id']);
  const score = numberOf(value['score'] ?? document['score'] ?? document['relevance_score'] ?? document['distance'] ?? document['@search.score']);
  if (content === null && id === null && score === null) return null;
  const metadata = parsed(document['metadata']);
  return { id, content, score, metadata: isObject(metadata) ? metadata : null };
}

function contentOf(document: JsonObject): string | null {
  for (const key of ['content', 'page_content', 'pageContent', 'text', 'document']) {
    const value = document[key];
    if (typeof value === 'string') return value;
    // Genkit: content is a list of parts
    if (Array.isArray(value)) {
      const texts = value.flatMap((part) => (isObject(part) && typeof part['text'] === 'string' ? [part['text']] : []));
      if (texts.length > 0) return texts.join('\n');
    }
  }
  return null;
}
