import { describe, expect, it } from 'vitest';
import { pythonLiteral } from '../../../src/core/trace/normalise/python-literal.ts';
import { read } from './spans.ts';

// Constructed after the sources of the instrumentations that are named; no recording of them is at hand.

describe('retrievals, as instrumentations of vector stores send them', () => {
  it('Pinecone, OpenLLMetry for Python: metadata as Python prints it, the text among it', () => {
    const span = read({ 'db.system': 'Pinecone', 'pinecone.query.top_k': 2, 'pinecone.query.namespace': 'handbook' }, {
      name: 'pinecone.query',
      events: [
        ['db.query.embeddings', { 'db.query.embeddings.vector': [0.1, 0.2] }],
        ['db.query.result', { 'db.query.result.id': 'a', 'db.query.result.score': 0.91, 'db.query.result.metadata': `{'text': 'Bern\\'s bears', 'page': 3.0, 'tags': ['zoo', "it's"], 'draft': False, 'by': None}` }],
        ['db.query.result', { 'db.query.result.id': 'b', 'db.query.result.score': 0.5, 'db.query.result.metadata': 'None' }],
      ],
    });
    expect(span).toMatchObject({ kind: 'retriever', sources: { kind: ['db.system'] } });
    expect(span.retrieval).toEqual({ query: null, topK: 2, source: 'handbook', documents: [
      { id: 'a', content: "Bern's bears", score: 0.91, metadata: { text: "Bern's bears", page: 3, tags: ['zoo', "it's"], draft: false, by: null } },
      { id: 'b', content: null, score: 0.5, metadata: null },
    ] });
  });

  it('Pinecone and Qdrant, OpenLLMetry for JavaScript: numbered members on the span', () => {
    const match = (index: number, more: object): object => Object.fromEntries(Object.entries(more).map(([key, value]) => [`db.vector.query.result.${index}.${key}`, value]));
    const span = read({ 'db.system': 'Qdrant', 'db.vector.table_name': 'docs', 'db.vector.query.top_k': 3, 'db.vector.query.result.matches_length': 2, ...match(0, { id: 7, score: 0.9, metadata: '{"text":"seven","n":7}' }), ...match(1, { id: 8, score: 0.1, values: [1, 2] }) }, { name: 'qdrant.search' });
    expect(span.kind).toBe('retriever');
    expect(span.retrieval).toEqual({ query: null, topK: 3, source: 'docs', documents: [{ id: '7', content: 'seven', score: 0.9, metadata: { text: 'seven', n: 7 } }, { id: '8', content: null, score: 0.1, metadata: null }] });
    expect(span.sources.retrieval).toEqual(['db.vector.query.result.*', 'db.vector.query.top_k', 'db.vector.table_name']);
  });

  it('Chroma, OpenLLMetry: distances, which are told from scores', () => {
    const span = read({ 'db.system': 'chroma', 'db.operation': 'query', 'db.chroma.query.n_results': 2 }, { name: 'chroma.query', events: [['db.query.result', { 'db.query.result.id': 'c', 'db.query.result.distance': 0.12, 'db.query.result.document': 'first', 'db.query.result.metadata': '{"source":"a.md"}' }]] });
    expect(span.retrieval).toEqual({ query: null, topK: 2, source: null, documents: [{ id: 'c', content: 'first', score: 0.12, metadata: { source: 'a.md', distance: 0.12 } }] });
  });

  it('Qdrant, OpenLLMetry for Python: no documents are sent, the collection is named after the method', () => {
    expect(read({ 'db.system': 'Qdrant', 'qdrant.query_points.collection_name': 'docs', 'db.vector.query.top_k': 10 }, { name: 'qdrant.query_points' }).retrieval).toEqual({ query: null, topK: 10, source: 'docs', documents: [] });
    expect(read({ 'db.system': 'Qdrant', 'qdrant.upsert.collection_name': 'docs' }, { name: 'qdrant.upsert' }).kind).toBe('db');
  });

  it('Weaviate, OpenLLMetry: values are JSON; a schema is no retrieval', () => {
    expect(read({ 'db.system': 'weaviate', 'db.operation': 'fetch_objects', 'db.weaviate.collections.query.fetch_objects.limit': '5' }, { name: 'db.weaviate.collections.query.fetch_objects' })).toMatchObject({ kind: 'retriever', retrieval: { topK: 5, documents: [] } });
    expect(read({ 'db.system': 'weaviate', 'db.operation': 'raw', 'db.weaviate.query.raw.gql_query': '"{ Get { Article { title } } }"' }, { name: 'db.weaviate.query.raw' }).kind).toBe('db');
    expect(read({ 'db.system': 'weaviate', 'db.operation': 'get', 'db.weaviate.query.get.class_name': '"Article"', 'db.weaviate.query.get.properties': '["title"]' }, { name: 'db.weaviate.query.get' }).retrieval).toMatchObject({ source: 'Article' });
    expect(read({ 'db.system': 'weaviate', 'db.operation': 'get', 'db.weaviate.schema.get.class_name': '"Article"' }, { name: 'db.weaviate.schema.get' }).kind).toBe('db');
  });

  it('Azure AI Search, OpenLLMetry: text, top, index; suggestions and documents as JSON', () => {
    const azure = (operation: string, more: object): ReturnType<typeof read> => read({ 'db.system': 'Azure AI Search', 'azure_search.index_name': 'hotels', ...more }, { name: `azure_search.${operation}`, kind: 3 });
    expect(azure('search', { 'azure_search.search.text': 'pool', 'azure_search.search.top': 5 })).toMatchObject({ kind: 'retriever', retrieval: { query: 'pool', topK: 5, source: 'hotels', documents: [] } });
    expect(azure('suggest', { 'azure_search.search.text': 'po', 'db.search.result.entity.0': '{"@search.text":"pool","key":"1","text":"a pool"}', 'db.search.result.entity.1': '{"HotelId":"9","Rating":4}' }).retrieval?.documents).toEqual([
      { id: '1', content: 'a pool', score: null, metadata: null }, { id: null, content: '{"HotelId":"9","Rating":4}', score: null, metadata: null },
    ]);
    expect(azure('get_document', { 'azure_search.document.key': '1', 'db.query.result.document': '{"id":"1","content":"a hotel","@search.score":2.5}' })).toMatchObject({ kind: 'retriever', retrieval: { documents: [{ id: '1', content: 'a hotel', score: 2.5 }] } });
    for (const operation of ['upload_documents', 'delete_documents', 'merge_documents', 'index_documents', 'get_document_count', 'get_index', 'list_indexes']) expect([operation, azure(operation, {}).kind]).toEqual([operation, 'db']);
  });

  it('OpenInference: documents with scores', () => {
    expect(read({ 'openinference.span.kind': 'RETRIEVER', 'input.value': 'q', 'retrieval.documents.0.document.id': '1', 'retrieval.documents.0.document.content': 'x', 'retrieval.documents.0.document.score': 0.7, 'retrieval.documents.0.document.metadata': '{"a":1}' }).retrieval).toEqual({ query: 'q', topK: null, source: null, documents: [{ id: '1', content: 'x', score: 0.7, metadata: { a: 1 } }] });
  });
});

describe('memories', () => {
  it('OTel: records that are written, found, deleted', () => {
    const records = '[{"id":"m1","content":"likes tea","score":0.8}]';
    expect(read({ 'gen_ai.operation.name': 'upsert_memory', 'gen_ai.memory.store.id': 's', 'gen_ai.memory.records': records })).toMatchObject({ kind: 'memory', memory: { operation: 'write', store: 's', items: [{ id: 'm1', content: 'likes tea' }] }, input: [{ id: 'm1' }], output: null });
    expect(read({ 'gen_ai.operation.name': 'search_memory', 'gen_ai.memory.store.name': 'n', 'gen_ai.memory.query.text': 'drinks', 'gen_ai.memory.records': records })).toMatchObject({ memory: { operation: 'read', store: 'n', query: 'drinks' }, input: 'drinks', output: [{ id: 'm1' }] });
    expect(read({ 'gen_ai.operation.name': 'delete_memory', 'gen_ai.memory.record.id': 'm1' }).memory).toEqual({ operation: 'delete', store: null, query: null, items: [{ id: 'm1' }] });
  });

  it('Mem0: operations of its own, messages in and out', () => {
    expect(read({ 'gen_ai.operation.name': 'memory_operation', 'gen_ai.memory.operation': 'search', 'gen_ai.memory.user_id': 'u1', 'gen_ai.memory.input.messages': 'what does she drink', 'gen_ai.memory.output.messages': '{"results":[{"id":"m1","memory":"likes tea","score":0.7}]}' })).toMatchObject({ kind: 'memory', memory: { operation: 'read', store: 'u1', query: 'what does she drink', items: [{ memory: 'likes tea' }] } });
    expect(read({ 'gen_ai.memory.operation': 'add', 'gen_ai.memory.input.messages': '[{"role":"user","content":"I like tea"}]' })).toMatchObject({ kind: 'memory', memory: { operation: 'write', items: [{ role: 'user', content: 'I like tea' }] } });
    expect(read({ 'gen_ai.memory.operation': 'delete_all', 'gen_ai.memory.user_id': 'u1' }).memory).toMatchObject({ operation: 'delete', store: 'u1' });
  });

  it('n8n: names of stores', () => {
    expect(read({ 'gen_ai.operation.name': 'query_memory', 'gen_ai.memory.store.names': ['history'] }).memory).toMatchObject({ operation: 'read', store: 'history' });
    expect(read({ 'gen_ai.operation.name': 'save_memory' }).memory?.operation).toBe('write');
  });

  it('a model’s call that only names its memory is none', () => {
    expect(read({ 'gen_ai.operation.name': 'chat', 'gen_ai.memory.id': 'x' })).toMatchObject({ kind: 'llm', memory: null });
  });
});

describe('what Python prints', () => {
  it.each([
    ["{'a': 1, 'b': [True, None, -2.5e3], 'c': ('x', \"y'z\")}", { a: 1, b: [true, null, -2500], c: ['x', "y'z"] }], ['[]', []], ['{}', {}], ['(1,)', [1]], ["{1: 'one'}", { 1: 'one' }],
    [String.raw`{'a': 'tab\t\x41\u00e9\U0001f600\'\\'}`, { a: "tab\tAé😀'\\" }], ["  {'a': {'b': {}}} ", { a: { b: {} } }],
  ])('%s', (text, value) => {
    expect(pythonLiteral(text)).toEqual(value);
  });

  it.each(['', 'None', "'a'", '{', "{'a'}", "{'a': }", "{'a': 1", "{'a': datetime(2024, 1, 1)}", "{'a': b'x'}", '[1 2]', "{'a': 1} and more", "['\\", "['\\U99999999']", `${'['.repeat(200)}${']'.repeat(200)}`])('%s is none', (text) => {
    expect(pythonLiteral(text)).toBeUndefined();
  });

  it('keeps keys that look like prototypes apart, and is done with a hostile text', () => {
    const value = pythonLiteral("{'__proto__': {'polluted': True}}") as object;
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(pythonLiteral(`{${"'a': '\\\\',".repeat(100_000)}`)).toBeUndefined();
  });
});
