import type { RetrievedDocument } from '../../model.ts';
import { isObject } from '../../../json.ts';
import { documentsOf } from '../documents.ts';
import type { Dialect } from '../dialect.ts';
import type { Draft } from '../draft.ts';
import { parsed } from '../json-text.ts';
import { numberOf, textOf, type ViewEvent } from '../span-view.ts';

/**
 * Queries to Pinecone, Weaviate, Chroma, Qdrant, Milvus and Azure AI Search, as OpenLLMetry's instrumentations, the stores' own
 * and OTel's database conventions describe them. Documents are events, one for each, or a list in one attribute.
 */
export const vectorStores: Dialect = {
  name: 'vector-store',
  detect: (view) => view.hasPrefix('db.') || view.hasPrefix('qdrant.') || view.hasPrefix('pinecone.') || view.hasPrefix('az.search') || view.events.some((event) => RESULT.test(event.name)),
  read(draft) {
    if (draft.get('kind') !== 'retriever') return;
    const { view } = draft;
    const events = view.events.filter((event) => RESULT.test(event.name));
    const attribute = RESULT_ATTRIBUTES.find((key) => view.has(key));
    const documents = events.length > 0 ? events.map(documentOfEvent) : attribute === undefined ? null : documentsOf(view.json(attribute));
    const topK = firstKey(draft, TOP_K);
    const query = firstKey(draft, QUERY);
    const source = firstKey(draft, SOURCE) ?? view.keys('db.').find((key) => /\.(collection_name|class_name|index_name)$/.test(key));
    if (documents === null && topK === undefined && query === undefined && source === undefined) return;
    const from = [events[0]?.source ?? attribute, query, topK, source].filter((key) => key !== undefined);
    draft.set('retrieval', {
      query: query === undefined ? null : textOf(parsed(view.plain(query))) ?? view.text(query),
      topK: topK === undefined ? null : view.number(topK),
      source: source === undefined ? null : textOf(view.json(source)),
      documents: documents ?? [],
    }, ...from);
    draft.text('operation', 'db.operation.name', 'db.operation');
  },
};

const RESULT = /^db\.(query|search)\.result$/;
const RESULT_ATTRIBUTES = ['db.query.results', 'db.search.results', 'db.response.documents', 'retrieval.documents', 'db.query.result.documents'];
const TOP_K = ['db.vector.query.top_k', 'pinecone.query.top_k', 'db.chroma.query.n_results', 'db.milvus.search.limit', 'db.milvus.query.limit', 'qdrant.search.limit', 'db.qdrant.search.limit', 'db.weaviate.query.limit', 'az.search.top', 'db.search.top', 'db.query.top_k', 'gen_ai.request.top_k'];
const QUERY = ['db.query.text', 'db.statement', 'db.search.query', 'az.search.query', 'db.azure_search.query', 'db.chroma.query.texts', 'db.marqo.search.query', 'gen_ai.retrieval.query.text', 'input.value'];
const SOURCE = ['db.collection.name', 'db.vector.collection', 'qdrant.search.collection_name', 'qdrant.search_batch.collection_name', 'qdrant.query_points.collection_name', 'pinecone.query.namespace', 'pinecone.index', 'server.index', 'az.search.index', 'az.search.index.name', 'db.search.index', 'db.weaviate.query.get.class_name', 'db.namespace', 'db.name'];

function firstKey({ view }: Draft, keys: readonly string[]): string | undefined {
  return keys.find((key) => view.text(key) !== null);
}

function documentOfEvent(event: ViewEvent): RetrievedDocument {
  const member = (name: string): unknown => event.attributes[`${event.name}.${name}`];
  const metadata = parsed(member('metadata') ?? member('entity'));
  const text = textOf(member('document')) ?? (isObject(metadata) ? textOf(metadata['text']) ?? textOf(metadata['content']) : null);
  return { id: textOf(member('id')), content: text, score: numberOf(member('score') ?? member('distance')), metadata: isObject(metadata) ? metadata : null };
}
