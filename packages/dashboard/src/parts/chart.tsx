/** Rows a second over a run's time. Its words stand beside it. */
import type { Answer } from "@nexus/contract";
import { useEffect, useRef } from "preact/hooks";
import UPlot from "uplot";
import { count } from "../words.ts";

type Throughput = Answer<"GET /v1/runs/:id/throughput">;

const HEIGHT = 176;

/** The chart; drawn again when its numbers, its width or the colours change. */
export function ThroughputChart({ of }: { readonly of: Throughput }) {
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const place = frame.current;
    if (place === null || of.from === null) return undefined;
    let plot: UPlot | undefined;
    const draw = () => {
      plot?.destroy();
      plot = new UPlot(optionsFor(place, of.sliceSeconds), dataOf(of), place);
    };
    draw();
    const watch = new ResizeObserver(() => plot?.setSize({ width: place.clientWidth, height: HEIGHT }));
    watch.observe(place);
    addEventListener("themechange", draw);
    return () => {
      removeEventListener("themechange", draw);
      watch.disconnect();
      plot?.destroy();
    };
  }, [of]);
  return <div class="chart" ref={frame} role="img" aria-label={inWords(of)} />;
}

function dataOf({ from, sliceSeconds, slices }: Throughput): UPlot.AlignedData {
  const start = new Date(from ?? 0).getTime() / 1_000;
  return [slices.map((_, n) => start + (n + 0.5) * sliceSeconds), slices.map((rows) => rows / sliceSeconds)];
}

/** Each slice is a bar: what was done in it. */
const bars = UPlot.paths.bars?.({ size: [0.8, 24], radius: 0.15 });

function optionsFor(place: HTMLElement, sliceSeconds: number): UPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour("--ink-soft"),
    font: `12px ${style.fontFamily}`,
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: place.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 8, 0, 0],
    scales: {
      x: { range: (_, first, last) => [first - sliceSeconds / 2, last + sliceSeconds / 2] },
      y: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] },
    },
    axes: [
      { ...axis, grid: { show: false }, values: (_, seconds) => seconds.map(clock), space: 60, size: 28 },
      { ...axis, size: 52, values: (_, rates) => rates.map(count), space: 36 },
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

const hours = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

function clock(seconds: number): string {
  const text = hours.format(new Date(seconds * 1_000));
  return text.endsWith(":00") ? text.slice(0, 5) : text;
}

function inWords({ sliceSeconds, slices }: Throughput): string {
  const rates = slices.map((rows) => rows / sliceSeconds);
  return `Rows a second over the run's time: at most ${count(Math.max(0, ...rates))}, in the end ${count(rates.at(-1) ?? 0)}.`;
}
