/**
 * So many of the vectors that they lie as far from each other as can be had greedily: each next one is the farthest from those that were
 * chosen (Gonzalez 1985, at most twice as far apart as the best choice). The first one given is chosen first.
 *
 * @param vectors of unit length
 * @returns positions, in the order of choice; fewer than `count` where the rest are copies of these
 */
export function pickDiverse(vectors: readonly Float32Array[], count: number): number[] {
  const chosen: number[] = [];
  const distances = new Float64Array(vectors.length).fill(Infinity);
  let next = vectors.length === 0 ? -1 : 0;
  while (next >= 0 && chosen.length < count) {
    chosen.push(next);
    const last = vectors[next] ?? new Float32Array();
    let farthest = -1;
    for (const [i, vector] of vectors.entries()) {
      distances[i] = Math.min(distances[i] ?? 0, squaredDistance(vector, last));
      if ((distances[i] ?? 0) > SAME && (farthest < 0 || (distances[i] ?? 0) > (distances[farthest] ?? 0))) farthest = i;
    }
    next = farthest;
  }
  return chosen;
}

/** Vectors nearer than this are of the same text, but for rounding. */
const SAME = 1e-6;

function squaredDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] ?? 0) - (b[i] ?? 0)) ** 2;
  return sum;
}
