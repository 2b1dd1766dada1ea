/** Bars over time. Their words stand beside them. */
import { useEffect, useRef } from "preact/hooks";
import UPlot from "uplot";
import { count } from "../words.ts";

export interface Bars {
  /** The middle of each bar in seconds since 1970, and what lies between two of them. */
  readonly at: readonly number[];
  readonly step: number;
  readonly heights: readonly number[];
  /** For those who cannot see it. */
  readonly says: string;
  readonly height?: (value: number) => string;
  readonly time: (seconds: number) => string;
}

const HEIGHT = 176;
const DAY = 86_400;

/** The chart; drawn again when its numbers, its width or the colours change. Keep `of` while they are the same. */
export function BarChart({ of }: { readonly of: Bars }) {
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const place = frame.current;
    if (place === null) return undefined;
    let plot: UPlot | undefined;
    const draw = () => {
      plot?.destroy();
      plot = new UPlot(optionsFor(place, of), [[...of.at], [...of.heights]], place);
    };
    draw();
    const watch = new ResizeObserver(() =>
      plot?.setSize({ width: place.clientWidth, height: HEIGHT }),
    );
    watch.observe(place);
    addEventListener("themechange", draw);
    return () => {
      removeEventListener("themechange", draw);
      watch.disconnect();
      plot?.destroy();
    };
  }, [of]);
  return <div class="chart" ref={frame} role="img" aria-label={of.says} />;
}

const bars = UPlot.paths.bars?.({ size: [0.8, 24], radius: 0.15 });

function optionsFor(place: HTMLElement, { at, step, height = count, time }: Bars): UPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour("--ink-soft"),
    font: `12px ${style.fontFamily}`,
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  // Days are not cut into hours.
  const labelled =
    step < DAY ? {} : { splits: () => at.filter((_, n) => n % Math.ceil(at.length / 6) === 0) };
  return {
    width: place.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 8, 0, 0],
    scales: {
      x: { range: () => [(at[0] ?? 0) - step / 2, (at.at(-1) ?? 0) + step / 2] },
      y: { range: (_, __, most) => [0, most > 0 ? most * 1.1 : 1] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        values: (_, seconds) => seconds.map(time),
        space: 60,
        size: 28,
        ...labelled,
      },
      { ...axis, size: 52, values: (_, heights) => heights.map(height), space: 36 },
    ],
    series: [
      {},
      {
        stroke: colour("--loaded"),
        fill: colour("--loaded"),
        width: 0,
        points: { show: false },
        ...(bars === undefined ? {} : { paths: bars }),
      },
    ],
  };
}
