import { describe, expect, it } from 'vitest';
import { encodeSpans } from '../../../src/core/trace/otlp-encode.ts';
import { decodeOtlpJson } from '../../../src/core/trace/otlp-json.ts';
import { parseKeepingLongIntegers } from '../../../src/core/trace/parse-json.ts';
import { randomOf } from './random.ts';
import { requestOf } from './random-request.ts';

describe('OTLP in and out', () => {
  it('loses nothing, in 500 random requests', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const request = requestOf(randomOf(seed));
      const parsed = parseKeepingLongIntegers(JSON.stringify(request));
      const decoded = decodeOtlpJson('value' in parsed ? parsed.value : null)!;
      expect(decoded.rejected, `seed ${seed}`).toEqual([]);
      expect(encodeSpans(decoded.spans), `seed ${seed}`).toEqual(request);
    }
  });
});
