// A plot of a few lines over time.
import { html, useEffect, useLayoutEffect, useRef } from './vendor/preact.js';
import uPlot from './vendor/uplot.js';

const HEIGHT = 180;
const SPAN_SECONDS = 60;
const WHOLES = [1, 2, 5].flatMap((n) => [0, 1, 2, 3, 4, 5, 6].map((power) => n * 10 ** power)).sort((a, b) => a - b);

/** A colour of the style sheet as it is now, in light or in dark: canvases know no variables. */
function colour(name, box) {
  box.style.color = `var(${name})`;
  return getComputedStyle(box).color;
}

/** As much room beside a plot as its longest label takes. */
const wide = (_, labels) => 18 + 7 * Math.max(1, ...(labels ?? []).map((label) => label?.length ?? 0));

function options(box, lines, unit, isWhole) {
  const axis = {
    stroke: colour('--faint', box),
    font: '12px system-ui, sans-serif',
    grid: { stroke: colour('--line', box), width: 1 },
    ticks: { show: false },
  };
  return {
    width: box.clientWidth,
    height: HEIGHT,
    cursor: { y: false, points: { size: 7 } },
    legend: { show: false },
    padding: [8, 14, 0, 0],
    scales: {
      // From the beginning there is room for a minute: one reading alone has no scale.
      x: { range: ({ data: [times] }) => [Math.min(times[0], times.at(-1) - SPAN_SECONDS), times.at(-1)] },
      y: { range: (_, __, max) => [0, max > 0 ? max * 1.1 : 1] },
    },
    axes: [
      { ...axis, grid: { show: false }, space: 80, size: 24, gap: 6, values: (_, times) => times.map(clock) },
      { ...axis, size: wide, gap: 8, incrs: isWhole ? WHOLES : undefined, values: (_, all) => all.map(unit) },
    ],
    series: [
      {},
      ...lines.map((line, index) => ({
        label: line.label,
        stroke: colour(`--series-${index + 1}`, box),
        width: 2,
        dash: index === 2 ? [4, 4] : undefined,
        points: { show: false },
        spanGaps: true,
      })),
    ],
  };
}

const clock = (seconds) => new Date(1000 * seconds).toLocaleTimeString('en-GB');

/**
 * @param isWhole whether there are no halves of what is counted
 * @param times in seconds
 * @param lines each with its label and its values
 * @param unit writes a value with its unit
 * @param theme another one draws the plot anew, in its colours
 */
export function Plot({ title, times, lines, unit, isWhole, theme }) {
  const box = useRef(null);
  const plot = useRef(null);
  const data = [times, ...lines.map((line) => line.values)];
  useLayoutEffect(() => {
    plot.current = new uPlot(options(box.current, lines, unit, isWhole), data, box.current);
    const observer = new ResizeObserver(() => plot.current.setSize({ width: box.current.clientWidth, height: HEIGHT }));
    observer.observe(box.current);
    return () => {
      observer.disconnect();
      plot.current.destroy();
    };
  }, [theme]);
  useEffect(() => plot.current.setData(data), [times]);
  const last = (values) => values.findLast((value) => value !== null);
  return html`<section class="plot">
    <h2>${title}</h2>
    <ul class="legend">
      ${lines.map((line, index) => html`<li key=${line.label}><i class=${`series-${index + 1}`}></i>${line.label}
        <b>${last(line.values) === undefined ? '–' : unit(last(line.values))}</b></li>`)}
    </ul>
    <div class="canvas" ref=${box} role="img" aria-label=${`${title}, over the last minutes`}></div>
  </section>`;
}
