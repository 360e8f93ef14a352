import { describe, expect, it } from 'vitest';
import { jsonObjects } from '../../../src/core/assert/structure/json-scan.ts';
import { check } from './evaluate.ts';

describe('JSON objects in a text', () => {
  it.each<[string, unknown[]]>([
    ['Here: {"a":[1,{"b":null}],"c":"}"} and { "d" : -1.5e3 } .', [{ a: [1, { b: null }], c: '}' }, { d: -1500 }]],
    ['if (x) { return {"a":1}; }', [{ a: 1 }]],
    ['{"a":1,}', []],
    ['{"a":01} {"a":"\\x"} {"a":1 {} []', [{}]],
    ['{{{{{"a":{"b":"\\u00e9 😀"}}', [{ a: { b: 'é 😀' } }]],
    ['{"unclosed": [1, 2', []],
    ['{"a":{"b":{}},"c":[{"d":1},{"e":{"f":2}', [{ b: {} }, { d: 1 }, { f: 2 }]],
    // Begun within a text of what is not JSON, which is no JSON either.
    ['{"a":"{}","b{":1,"c":{"d":2} oops', [{}, { d: 2 }]],
    ['[1,2] "text" 3', []],
  ])('%s', (text, objects) => {
    expect([...jsonObjects(text)]).toEqual(objects);
  });

  it('reads deep nesting without recursion and gives up at once on braces', () => {
    const deep = '{"a":'.repeat(5000) + '1' + '}'.repeat(5000);
    expect([...jsonObjects(deep)]).toHaveLength(1);
    expect([...jsonObjects('{'.repeat(1_000_000))]).toEqual([]);
    // Read again from every brace on, this would take minutes.
    expect([...jsonObjects('{"a":'.repeat(100_000))]).toEqual([]);
    expect([...jsonObjects(`{"a":[${'{"b":{}},'.repeat(50_000)}`)]).toHaveLength(50_000);
  });
});

describe('is-json with a schema', () => {
  it('knows formats and the drafts that $schema names', async () => {
    const email = { properties: { to: { type: 'string', format: 'email' } } };
    expect(await check({ type: 'is-json', value: email }, '{"to":"a@b.example"}')).toMatchObject({ pass: true });
    expect(await check({ type: 'is-json', value: email }, '{"to":"nobody"}')).toMatchObject({ pass: false });
    const tuple = { $schema: 'https://json-schema.org/draft/2020-12/schema', prefixItems: [{ type: 'string' }], items: false };
    expect(await check({ type: 'is-json', value: tuple }, '["a"]')).toMatchObject({ pass: true });
    expect(await check({ type: 'is-json', value: tuple }, '["a", 1]')).toMatchObject({ pass: false });
    // Draft-07 has no prefixItems: the keyword is ignored there.
    const old = { $schema: 'http://json-schema.org/draft-07/schema#', prefixItems: [{ type: 'string' }] };
    expect(await check({ type: 'is-json', value: old }, '[1]')).toMatchObject({ pass: true });
  });

  it('names a schema that cannot be used as an error, which not- does not turn round', async () => {
    for (const type of ['is-json', 'not-is-json']) {
      const result = await check({ type, value: { type: 'objekt' } }, '{}');
      expect(result).toMatchObject({ pass: false, score: 0 });
      expect(result.error).toContain('JSON Schema cannot be used');
    }
  });

  it('reads a dialect that it does not know as draft-07', async () => {
    const value = { $schema: 'http://json-schema.org/draft-04/schema#', $id: 'x', definitions: { n: { type: 'number' } }, properties: { n: { $ref: '#/definitions/n' } } };
    expect(await check({ type: 'is-json', value }, '{"n":1}')).toMatchObject({ pass: true });
    expect(await check({ type: 'is-json', value }, '{"n":"1"}')).toMatchObject({ pass: false });
  });

  it('takes two schemas with the same $id', async () => {
    for (const type of ['string', 'number']) {
      const result = await check({ type: 'is-json', value: { $id: 'https://example.test/same', type } }, type === 'string' ? '"a"' : '1');
      expect(result).toMatchObject({ pass: true });
    }
  });
});

describe('XML', () => {
  it.each<[string, string, string | undefined, boolean]>([
    ['is-xml', '<order><item><price>3</price></item><item/></order>', 'order.item.price', true],
    ['is-xml', '<order><item/></order>', 'order.item, order.total', false],
    ['is-xml', '<a/><b/>', undefined, false],
    ['is-xml', '<a b="1" b="2"/>', undefined, false],
    ['is-xml', '<größe>ü</größe>', 'größe', true],
    ['contains-xml', 'Answer: <a><b>x</a> then <c><d/></c>.', 'c.d', true],
    ['contains-xml', 'a < b, c > d', undefined, false],
    ['contains-xml', '<p>one<p>two</p>', undefined, true],
  ])('%s %s', async (type, output, value, pass) => {
    expect((await check({ type, ...(value === undefined ? {} : { value }) }, output)).pass).toBe(pass);
  });
});

describe('HTML', () => {
  it.each<[string, string, boolean]>([
    ['is-html', '<!-- note --><main><p>a</main>', true],
    ['is-html', '<order><item/></order>', false],
    ['is-html', '<p>a</p> and more', false],
    ['is-html', '<details><summary>s</summary></details>', true],
    ['contains-html', 'see <mark>this</mark>', true],
    ['contains-html', 'List<String> x', false],
    ['contains-html', '<order/>', false],
  ])('%s %s', async (type, output, pass) => {
    expect((await check({ type }, output)).pass).toBe(pass);
  });
});

describe('SQL', () => {
  it.each<[string, string, unknown, boolean]>([
    ['is-sql', 'SELECT id, name FROM users WHERE id = 1', undefined, true],
    ['is-sql', 'SELECT id FORM users', undefined, false],
    ['is-sql', 'The answer is 42.', undefined, false],
    ['is-sql', '', undefined, false],
    ['is-sql', "SELECT id FROM users WHERE data->>'a' = 'b'", { databaseType: 'PostgreSQL' }, true],
    ['is-sql', 'SELECT TOP 5 [id] FROM [users]', { databaseType: 'TransactSQL' }, true],
    ['is-sql', 'SELECT TOP 5 [id] FROM [users]', { databaseType: 'mysql' }, false],
    ['is-sql', 'SELECT id FROM users', { allowedTables: ['users'] }, true],
    ['is-sql', 'SELECT u.id FROM users u JOIN secrets s ON s.id = u.id', { allowedTables: ['users'] }, false],
    ['is-sql', 'DELETE FROM users', { allowedTables: ['select::.*::users'] }, false],
    ['is-sql', 'SELECT id FROM users', { allowedTables: ['(select|update)::(.*)::users'] }, true],
    ['is-sql', 'SELECT password FROM users', { allowedColumns: ['id', 'name'] }, false],
    ['is-sql', 'SELECT id FROM users', { allowedColumns: ['id', 'name'] }, true],
    ['contains-sql', 'Try this:\n```sql\nSELECT 1 FROM t\n```\nGood luck.', undefined, true],
    ['contains-sql', 'Try this:\n```sql\nSELECT FROM WHERE\n```', undefined, false],
    ['contains-sql', 'SELECT 1 FROM t', undefined, true],
    ['not-contains-sql', 'no query here', undefined, true],
  ])('%s %s %o', async (type, output, value, pass) => {
    expect((await check({ type, ...(value === undefined ? {} : { value }) }, output)).pass).toBe(pass);
  });

  it('names a database that it does not know', async () => {
    expect((await check({ type: 'is-sql', value: { databaseType: 'oracle' } }, 'SELECT 1')).error).toContain('does not know the database oracle');
  });
});
