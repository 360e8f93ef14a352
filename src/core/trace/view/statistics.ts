/** Positions ordered by the start of their spans; equal ones keep their order. Already ordered ones are not copied. */
export function orderByStart(positions: Int32Array, starts: Float64Array): Int32Array {
  for (let at = 1; at < positions.length; at++) if (starts[positions[at - 1]!]! > starts[positions[at]!]!) return sortByStart(positions, starts);
  return positions;
}

/**
 * Merge sort from the bottom: linear on the runs that are there already. Members of a group come as one ordered run for each of their
 * parents, which is why a comparison sort through a callback is not used: for a million of them it takes a second.
 */
function sortByStart(positions: Int32Array, starts: Float64Array): Int32Array {
  const { length } = positions;
  let from = positions.slice();
  let to = new Int32Array(length);
  for (;;) {
    let runs = 0;
    for (let low = 0; low < length;) {
      const middle = runEnd(from, starts, low);
      const high = middle < length ? runEnd(from, starts, middle) : middle;
      let left = low;
      let right = middle;
      for (let at = low; at < high; at++) {
        to[at] = right >= high || (left < middle && starts[from[left]!]! <= starts[from[right]!]!) ? from[left++]! : from[right++]!;
      }
      low = high;
      runs++;
    }
    [from, to] = [to, from];
    if (runs <= 1) return from;
  }
}

function runEnd(positions: Int32Array, starts: Float64Array, from: number): number {
  let end = from + 1;
  while (end < positions.length && starts[positions[end - 1]!]! <= starts[positions[end]!]!) end++;
  return end;
}

/** The median of those that are numbers, by the lower middle of an even count; `null`: there is none. */
export function medianOf(positions: Int32Array, values: Float64Array): number | null {
  return quantileOf(positions, values, 0.5);
}

/** So many numbers the engine's own sort has done before a loop of ours is compiled: a panel that has just been opened has not run it before. */
const SORTED = 50_000;

/** The smallest value that at least this share of them does not exceed (Hyndman and Fan's type 1); expected linear time for many. */
export function quantileOf(positions: Int32Array, values: Float64Array, share: number): number | null {
  const known = new Float64Array(positions.length);
  let length = 0;
  for (const at of positions) {
    const value = values[at]!;
    if (!Number.isNaN(value)) known[length++] = value;
  }
  if (length === 0) return null;
  const wanted = Math.max(0, Math.min(length - 1, Math.ceil(share * length) - 1));
  return length <= SORTED ? known.subarray(0, length).sort()[wanted]! : select(known, length, wanted);
}

/** Hoare's selection; the middle of three as pivot, so that ordered values are no worst case. */
function select(values: Float64Array, length: number, wanted: number): number {
  let low = 0;
  let high = length - 1;
  while (low < high) {
    const pivot = middleOfThree(values[low]!, values[(low + high) >> 1]!, values[high]!);
    let left = low;
    let right = high;
    while (left <= right) {
      while (values[left]! < pivot) left++;
      while (values[right]! > pivot) right--;
      if (left > right) break;
      const swapped = values[left]!;
      values[left++] = values[right]!;
      values[right--] = swapped;
    }
    if (wanted <= right) high = right;
    else if (wanted >= left) low = left;
    else break;
  }
  return values[wanted]!;
}

function middleOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

export function sumOf(positions: Int32Array, values: Float64Array): number | null {
  let sum = 0;
  let known = false;
  for (const at of positions) {
    const value = values[at]!;
    if (Number.isNaN(value)) continue;
    sum += value;
    known = true;
  }
  return known ? sum : null;
}
