import type { VersionScore, VersionSummary } from '../../../src/protocol/registry.ts';

/** Scores that can be looked at together: one dataset (by its name), one model. */
export interface Series {
  readonly key: string;
  readonly label: string;
  /** By the version's hash. */
  readonly scores: ReadonlyMap<string, VersionScore>;
  /** Hash of the dataset as the newest run had it: a score on another state of it is marked. */
  readonly datasetHash: string;
}

/** Every series that the versions have: those of the prompt's own dataset and models, then what else was tried; of either the one with the newest run first. */
export function seriesOf(versions: readonly VersionSummary[]): readonly Series[] {
  const found = new Map<string, { label: string; own: boolean; newest: VersionScore; scores: Map<string, VersionScore> }>();
  for (const { hash, scores } of versions) {
    for (const score of scores) {
      const key = JSON.stringify([score.datasetName, score.model]);
      const series = found.get(key) ?? { label: [score.datasetName ?? 'cases in the prompt', score.model].join(' · '), own: false, newest: score, scores: new Map<string, VersionScore>() };
      series.own ||= score.own;
      if (score.startedAt > series.newest.startedAt) series.newest = score;
      const known = series.scores.get(hash);
      if (known === undefined || score.startedAt > known.startedAt) series.scores.set(hash, score);
      found.set(key, series);
    }
  }
  return [...found].map(([key, { label, own, newest, scores }]) => ({ key, label, scores, datasetHash: newest.datasetHash, own, at: newest.startedAt }))
    .sort((a, b) => Number(b.own) - Number(a.own) || b.at.localeCompare(a.at) || a.label.localeCompare(b.label))
    .map(({ at: _at, own: _own, ...series }) => series);
}

/** A point of the chart: shares in 0..1. */
export interface Point {
  readonly hash: string;
  readonly label: string;
  readonly index: number;
  readonly rate: number;
  readonly interval: readonly [number, number] | null;
  /** Measured on another state of the dataset than the newest. */
  readonly otherDataset: boolean;
}

/** Of the versions that were run, the oldest first; `index` counts all versions, run or not. */
export function pointsOf(versions: readonly VersionSummary[], series: Series | undefined): readonly Point[] {
  if (series === undefined) return [];
  return versions.toReversed().flatMap(({ hash, label, number, source }, index) => {
    const score = series.scores.get(hash);
    const rate = score?.summary.passRate ?? null;
    if (score === undefined || rate === null) return [];
    return [{ hash, label: source === 'git' ? label : `v${number}`, index, rate, interval: score.summary.interval, otherDataset: score.datasetHash !== series.datasetHash }];
  });
}

/** The lowest and highest share that the chart shows: whole tenths around everything that is drawn, at least four of them. */
export function rangeOf(points: readonly Pick<Point, 'rate' | 'interval'>[]): readonly [number, number] {
  const ends = points.flatMap(({ rate, interval }) => [rate, ...(interval ?? [])]);
  if (ends.length === 0) return [0, 1];
  let low = Math.floor(Math.min(...ends) * 10) / 10;
  let high = Math.ceil(Math.max(...ends) * 10) / 10;
  while (high - low < 0.395) {
    if (high < 0.999) high = Math.min(1, high + 0.1);
    if (low > 0.001) low = Math.max(0, low - 0.1);
  }
  return [Number(low.toFixed(1)), Number(high.toFixed(1))];
}
