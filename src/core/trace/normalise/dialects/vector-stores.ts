import { isObject, type JsonObject } from '../../../json.ts';
import { textOfJson } from '../../any-value.ts';
import type { RetrievedDocument } from '../../model.ts';
import { documentsOf, MAX_DOCUMENTS } from '../documents.ts';
import type { Dialect } from '../dialect.ts';
import type { Draft } from '../draft.ts';
import { parsed } from '../json-text.ts';
import { pythonLiteral } from '../python-literal.ts';
import { numberOf, textOf, type ViewEvent } from '../span-view.ts';
import { unflatten } from '../unflatten.ts';

/**
 * Queries to Pinecone, Weaviate, Chroma, Qdrant, Milvus and Azure AI Search, as OpenLLMetry's instrumentations, the stores' own
 * and OTel's database conventions describe them. Documents are events, one for each, or a list in one attribute.
 */
export const vectorStores: Dialect = {
  name: 'vector-store',
  detect: (view) => view.hasPrefix('db.') || view.hasPrefix('qdrant.') || view.hasPrefix('pinecone.') || view.hasPrefix('az.search') || view.hasPrefix('azure_search.') || view.events.some((event) => RESULT.test(event.name)),
  read(draft) {
    if (draft.get('kind') !== 'retriever') return;
    const { view } = draft;
    const found = foundIn(draft);
    const topK = firstKey(draft, TOP_K);
    const query = firstKey(draft, QUERY);
    const source = sourceKey(draft);
    if (found === null && topK === undefined && query === undefined && source === undefined) return;
    const from = [found?.from, query, topK, source].filter((key) => key !== undefined);
    draft.set('retrieval', {
      query: query === undefined ? null : textOf(parsed(view.plain(query))) ?? view.text(query),
      topK: topK === undefined ? null : view.number(topK),
      source: source === undefined ? null : textOf(view.json(source)),
      documents: found?.documents ?? [],
    }, ...from);
    draft.text('operation', 'db.operation.name', 'db.operation');
  },
};

const RESULT = /^db\.(query|search)\.result$/;
const RESULT_ATTRIBUTES = ['db.query.results', 'db.search.results', 'db.response.documents', 'retrieval.documents', 'db.query.result.documents', 'db.query.result.document'];
/** Documents one by one: OpenLLMetry's for Azure AI Search, and its older form for JavaScript, which numbers the members of matches. */
const NUMBERED = ['db.query.result.document.', 'db.search.result.entity.', 'db.vector.query.result.'];
const TOP_K = ['db.vector.query.top_k', 'pinecone.query.top_k', 'db.chroma.query.n_results', 'db.chroma.get.limit', 'db.chroma.peek.limit', 'db.milvus.search.limit', 'db.milvus.query.limit', 'qdrant.search.limit', 'db.qdrant.search.limit', 'db.weaviate.query.limit', 'db.weaviate.collections.query.fetch_objects.limit', 'azure_search.search.top', 'az.search.top', 'db.search.top', 'db.query.top_k', 'gen_ai.request.top_k'];
const QUERY = ['db.query.text', 'db.statement', 'azure_search.search.text', 'db.search.query', 'az.search.query', 'db.azure_search.query', 'db.chroma.query.texts', 'db.weaviate.query.raw.gql_query', 'db.weaviate.client.graphql_raw_query.gql_query', 'db.marqo.search.query', 'gen_ai.retrieval.query.text', 'input.value'];
const SOURCE = ['db.collection.name', 'db.vector.collection', 'db.vector.table_name', 'azure_search.index_name', 'pinecone.query.namespace', 'pinecone.index', 'server.index', 'az.search.index', 'az.search.index.name', 'db.search.index', 'db.weaviate.query.get.class_name', 'db.namespace', 'db.name'];
/** `qdrant.query_points.collection_name`, `db.milvus.search.collection_name`, `db.weaviate.collections.query.class_name`. */
const SOURCE_BY_METHOD = /\.(collection_name|class_name|index_name)$/;

function firstKey({ view }: Draft, keys: readonly string[]): string | undefined {
  return keys.find((key) => view.text(key) !== null);
}

function sourceKey(draft: Draft): string | undefined {
  return ['qdrant.', 'db.'].flatMap((prefix) => draft.view.keys(prefix)).find((key) => SOURCE_BY_METHOD.test(key)) ?? firstKey(draft, SOURCE);
}

interface Found {
  readonly documents: readonly RetrievedDocument[];
  readonly from: string;
}

function foundIn({ view }: Draft): Found | null {
  const events = view.events.filter((event) => RESULT.test(event.name));
  if (events.length > 0) return { documents: events.map((event) => documentOfMatch(membersOf(event))), from: events[0]!.source };
  for (const prefix of NUMBERED) {
    const numbered = view.keys(prefix).filter((key) => /^\d{1,9}(\.|$)/.test(key.slice(prefix.length)));
    const list = unflatten(numbered.map((key) => [key.slice(prefix.length), view.json(key)] as const));
    if (Array.isArray(list)) return { documents: list.slice(0, MAX_DOCUMENTS).map((item: unknown) => documentOfMatch(isObject(item) && prefix.startsWith('db.vector.') ? item : { document: item })), from: `${prefix}*` };
  }
  const attribute = RESULT_ATTRIBUTES.find((key) => view.has(key));
  if (attribute === undefined) return null;
  const value = view.json(attribute);
  const documents = documentsOf(isObject(value) && attribute === 'db.query.result.document' ? [{ document: value }] : value) ?? (attribute === 'db.query.result.document' ? [documentOfMatch({ document: value })] : null);
  return documents === null ? null : { documents, from: attribute };
}

function membersOf(event: ViewEvent): JsonObject {
  const prefix = `${event.name}.`;
  return Object.fromEntries(Object.entries(event.attributes).filter(([key]) => key.startsWith(prefix)).map(([key, value]) => [key.slice(prefix.length), value]));
}

/** Pinecone keeps the text in the metadata, Azure AI Search in any member of the document. A distance is no score: it says which it is. */
function documentOfMatch(match: JsonObject): RetrievedDocument {
  const said = match['metadata'] ?? match['entity'] ?? match['payload'];
  const read = typeof said === 'string' ? (parsed(said) === said ? (pythonLiteral(said) ?? said) : parsed(said)) : said;
  const metadata = isObject(read) ? read : null;
  const document = parsed(match['document']);
  const text = isObject(document) ? (textMember(document) ?? textOfJson(document)) : (textOf(document) ?? (metadata ? textMember(metadata) : null));
  const distance = numberOf(match['distance']);
  const score = numberOf(match['score']) ?? (isObject(document) ? numberOf(document['@search.score']) : null);
  return {
    id: textOf(match['id']) ?? (isObject(document) ? (textOf(document['id']) ?? textOf(document['key'])) : null),
    content: text,
    score: score ?? distance,
    metadata: score === null && distance !== null ? { ...metadata, distance } : metadata,
  };
}

function textMember(value: JsonObject): string | null {
  return ['text', 'content', 'page_content', 'chunk', 'body'].map((key) => textOf(value[key])).find((text) => text !== null) ?? null;
}
