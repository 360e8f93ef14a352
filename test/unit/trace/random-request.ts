/** A random request in OTLP/JSON's canonical form: every member that is there differs from its default. */
export function requestOf(next: (below: number) => number): { resourceSpans: object[] } {
  const pick = <T>(...values: T[]): T => values[next(values.length)]!;
  const hex = (digits: number): string => Array.from({ length: digits }, (_, index) => (index === 0 ? '1' : next(16).toString(16))).join('');
  const nanos = (): string => String(1_790_000_000_000_000_000n + BigInt(next(2 ** 31)));
  const text = (): string => pick('a', 'ß🙂', '"\\\n\u0000', '1790000000000000001', '__proto__', ' ', 'x'.repeat(next(200) + 1));
  const value = (depth: number): object => {
    switch (next(depth > 3 ? 6 : 8)) {
      case 0: return { stringValue: pick('', text()) };
      case 1: return { boolValue: next(2) === 0 };
      case 2: return { intValue: pick('0', '-1', '9223372036854775807', '-9223372036854775808', '9007199254740993') };
      case 3: return { doubleValue: pick<number | string>(0.1, 1e300, -5, 0.30000000000000004, 'NaN', 'Infinity', '-Infinity', '-0', 12_345_678_901_234_567_000) };
      case 4: return { bytesValue: pick('', 'AAAwOQ==', '+/8=') };
      case 5: return {};
      case 6: return { arrayValue: { values: Array.from({ length: next(4) }, () => value(depth + 1)) } };
      default: return { kvlistValue: { values: attributes(depth + 1) } };
    }
  };
  const attributes = (depth = 0): object[] => Array.from({ length: next(5) }, () => ({ key: pick('k', text(), 'constructor'), value: value(depth) }));
  const some = (key: string, make: () => unknown): object => (next(2) === 0 ? {} : { [key]: make() });
  const list = (key: string, make: () => object[]): object => {
    const items = make();
    return items.length === 0 ? {} : { [key]: items };
  };
  const span = (): object => ({
    traceId: hex(32), spanId: `2${hex(15)}`, ...some('traceState', () => 'a=b'), ...some('parentSpanId', () => hex(16)), ...some('flags', () => pick(1, 257, 4_294_967_295)), ...some('name', text), ...some('kind', () => next(5) + 1),
    startTimeUnixNano: nanos(), ...some('endTimeUnixNano', nanos), ...list('attributes', () => attributes()), ...some('droppedAttributesCount', () => next(9) + 1),
    ...list('events', () => Array.from({ length: next(3) }, () => ({ timeUnixNano: nanos(), ...some('name', text), ...list('attributes', () => attributes()), ...some('droppedAttributesCount', () => 2) }))), ...some('droppedEventsCount', () => 3),
    ...list('links', () => Array.from({ length: next(3) }, () => ({ traceId: hex(32), spanId: hex(16), ...some('traceState', () => 'c=d'), ...list('attributes', () => attributes()), ...some('flags', () => 1) }))), ...some('droppedLinksCount', () => 4),
    ...some('status', () => ({ ...some('message', text), code: next(2) + 1 })),
  });
  return {
    resourceSpans: Array.from({ length: next(3) }, (_, index) => ({
      resource: { attributes: [{ key: 'resource', value: { intValue: String(index) } }, ...attributes()], ...some('droppedAttributesCount', () => 1) }, ...some('schemaUrl', () => 'https://example.com/1'),
      scopeSpans: Array.from({ length: next(2) + 1 }, (_scope, at) => ({ scope: { name: `scope ${at}`, ...some('version', text), ...list('attributes', () => attributes()) }, ...some('schemaUrl', () => 'https://example.com/2'), spans: Array.from({ length: next(3) + 1 }, span) })),
    })),
  };
}
