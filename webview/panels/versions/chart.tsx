import type { ComponentChild } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { formatRate } from '../../../src/core/text/format.ts';
import { pointsOf, rangeOf, type Point } from './series.ts';
import type { VersionsModel } from './versions-model.ts';

const HEIGHT = 168;
const MARGIN = { left: 56, right: 16, top: 12, bottom: 24 };
/** A label below the axis needs so many pixels. */
const LABEL_WIDTH = 56;

/** The pass rate over the versions, oldest left, each with its interval. The list below says the same in words, and is what keys move in. */
export function Chart({ model }: { readonly model: VersionsModel }): ComponentChild {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    if (box.current) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const versions = model.versions.value;
  const points = pointsOf(versions, model.series.value);
  return (
    <div ref={box} class="chart" aria-hidden="true">
      {width > 0 && points.length > 0 && <Drawing model={model} points={points} count={versions.length} width={width} />}
    </div>
  );
}

function Drawing({ model, points, count, width }: { readonly model: VersionsModel; readonly points: readonly Point[]; readonly count: number; readonly width: number }): ComponentChild {
  const [low, high] = rangeOf(points);
  const inner = width - MARGIN.left - MARGIN.right;
  const step = count > 1 ? inner / (count - 1 + 0.5) : 0;
  const x = (index: number): number => Math.round(MARGIN.left + step / 4 + (count > 1 ? index * step : inner / 2)) + 0.5;
  const y = (share: number): number => Math.round(MARGIN.top + (1 - (share - low) / (high - low)) * (HEIGHT - MARGIN.top - MARGIN.bottom)) + 0.5;
  const ticks = Array.from({ length: Math.round((high - low) / 0.1) + 1 }, (_, i) => low + i * 0.1).filter((_, i) => (high - low > 0.55 ? i % 2 === 0 : true));
  const every = Math.max(1, Math.ceil(LABEL_WIDTH / Math.max(step, 1)));
  const selected = model.selected.value?.hash;
  return (
    <svg width={width} height={HEIGHT} class="drawing">
      {ticks.map((share) => (
        <g key={share}>
          <path class="tick" d={`M${MARGIN.left - 4} ${y(share)}H${width - MARGIN.right}`} />
          <text class="axis" x={MARGIN.left - 8} y={y(share) + 4} text-anchor="end">{Math.round(share * 100)}%</text>
        </g>
      ))}
      <path class="course" d={points.map(({ index, rate }, i) => `${i === 0 ? 'M' : 'L'}${x(index)} ${y(rate)}`).join('')} />
      {points.map((point, i) => (
        <g key={point.hash} class={point.hash === selected ? 'point selected' : 'point'} onClick={() => model.select(point.hash)} onDblClick={() => openPoint(model, point)}>
          <title>{`${point.label}: ${formatRate(point.rate, point.interval)}${point.otherDataset ? ', on another state of the dataset' : ''}`}</title>
          <rect class="touch" x={x(point.index) - Math.max(step / 2, 8)} y={MARGIN.top} width={Math.max(step, 16)} height={HEIGHT - MARGIN.top} />
          {point.interval !== null && <path class="whisker" d={`M${x(point.index)} ${y(point.interval[0])}V${y(point.interval[1])}M${x(point.index) - 4} ${y(point.interval[0])}h8M${x(point.index) - 4} ${y(point.interval[1])}h8`} />}
          <circle class={point.otherDataset ? 'dot hollow' : 'dot'} cx={x(point.index)} cy={y(point.rate)} r={point.hash === selected ? 5 : 4} />
          {(points.length - 1 - i) % every === 0 && <text class="axis" x={x(point.index)} y={HEIGHT - 6} text-anchor="middle">{point.label}</text>}
        </g>
      ))}
    </svg>
  );
}

function openPoint(model: VersionsModel, { hash }: Point): void {
  const version = model.versions.value.find((one) => one.hash === hash);
  if (version) model.difference(version);
}
