/* Draws time series with uPlot, in the colours of the theme, from the data in the page. */

import { exactText } from "./times.js";

const SERIES = 8;
const DAY = 86400;
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hour12: false });
const seconds = new Intl.DateTimeFormat("en-GB", {
  minute: "2-digit", second: "2-digit", hour: "2-digit", hour12: false,
});
const date = new Intl.DateTimeFormat(document.documentElement.lang || undefined, {
  month: "short", day: "numeric",
});

/** A colour token as the browser resolves it: canvases know no var() and no light-dark(). */
function color(name) {
  const probe = document.createElement("span");
  probe.className = "visually-hidden";
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function withAlpha(rgb, alpha) {
  return rgb.replace(/^rgb\((.*)\)$/, (_, parts) => `rgb(${parts} / ${alpha})`)
    .replace(/, /g, " ");
}

function shortNumber(value) {
  return new Intl.NumberFormat(document.documentElement.lang || undefined, {
    notation: "compact", maximumSignificantDigits: 4,
  }).format(value);
}

function tooltip(labels, unit) {
  let tip;
  function hide() {
    if (tip) tip.hidden = true;
  }
  function show(plot) {
    const { left, top, idx } = plot.cursor;
    if (idx == null || left < 0) return hide();
    const when = document.createElement("div");
    when.className = "faint";
    when.textContent = exactText(new Date(plot.data[0][idx] * 1000));
    const lines = labels.map((label, index) => {
      const line = document.createElement("div");
      line.className = `series-${(index % SERIES) + 1}`;
      const swatch = document.createElement("span");
      swatch.className = "swatch";
      const value = document.createElement("span");
      value.className = "num";
      const found = plot.data[index + 1][idx];
      value.textContent = found == null ? "–" : `${shortNumber(found)} ${unit}`.trim();
      line.append(swatch, label, value);
      return line;
    });
    tip.replaceChildren(when, ...lines);
    tip.hidden = false;
    const flip = left > plot.over.clientWidth / 2;
    const x = flip ? left - tip.offsetWidth - 12 : left + 12;
    const y = Math.max(0, Math.min(top - 12, plot.over.clientHeight - tip.offsetHeight));
    tip.style.transform = `translate(${Math.max(0, x)}px, ${y}px)`;
  }
  return {
    hooks: {
      init: (plot) => {
        tip = document.createElement("div");
        tip.className = "chart-tip";
        tip.hidden = true;
        plot.over.append(tip);
        plot.over.addEventListener("mouseleave", hide);
      },
      setCursor: show,
    },
  };
}

/** Marks of the time axis: clock times, with the day where one begins. */
function timeMarks(plot, marks, axisIndex, space, step) {
  return marks.map((mark) => {
    const when = new Date(mark * 1000);
    const midnight = when.getHours() === 0 && when.getMinutes() === 0 && when.getSeconds() === 0;
    if (step >= DAY || midnight) return date.format(when);
    return (step < 60 ? seconds : clock).format(when);
  });
}

function axis(stroke, grid, extra) {
  return {
    stroke, grid: { stroke: grid, width: 1 }, ticks: { show: false },
    font: '11px "Geist Mono", ui-monospace, monospace', ...extra,
  };
}

function options(node, chart) {
  const faint = color("--ui-faint");
  const line = color("--ui-line");
  const gap = chart.step ? chart.step * 3 : Infinity;
  return {
    width: node.clientWidth,
    height: node.clientHeight,
    legend: { show: false },
    padding: [8, 22, 0, 0],
    cursor: { points: { size: 6 }, y: false },
    scales: { x: { time: true } },
    axes: [
      axis(faint, line, { space: 70, values: timeMarks }),
      axis(faint, line, { size: 52, values: (_, ticks) => ticks.map(shortNumber) }),
    ],
    series: [
      {},
      ...chart.labels.map((label, index) => {
        const tone = color(`--ui-series-${(index % SERIES) + 1}`);
        return {
          label, stroke: tone, width: 1.5,
          fill: chart.labels.length === 1 ? withAlpha(tone, 0.1) : undefined,
          points: { show: chart.data[0].length < 2 },
          spanGaps: false,
          gaps: (plot, series, from, to, found) => widerThan(plot, from, to, gap, found),
        };
      }),
    ],
    plugins: [tooltip(chart.labels, chart.unit)],
  };
}

/** Where more time than three steps passes between points, the line is not drawn through. */
function widerThan(plot, from, to, limit, found) {
  const times = plot.data[0];
  const gaps = [...found];
  for (let index = from; index < to; index += 1) {
    if (times[index + 1] - times[index] <= limit) continue;
    gaps.push([
      Math.round(plot.valToPos(times[index], "x", true)),
      Math.round(plot.valToPos(times[index + 1], "x", true)),
    ]);
  }
  return gaps.sort((a, b) => a[0] - b[0]);
}

const drawn = new Map();

function draw(node) {
  const chart = JSON.parse(node.dataset.chart);
  if (!chart.data[0].length || !window.uPlot) {
    node.hidden = true;
    return;
  }
  drawn.get(node)?.destroy();
  drawn.set(node, new window.uPlot(options(node, chart), chart.data, node));
}

const resized = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) {
    const plot = drawn.get(target);
    if (plot && plot.width !== Math.round(contentRect.width)) {
      plot.setSize({ width: Math.round(contentRect.width), height: target.clientHeight });
    }
  }
});

function drawAll() {
  for (const [node, plot] of drawn) {
    if (node.isConnected) continue;
    plot.destroy();
    drawn.delete(node);
    resized.unobserve(node);
  }
  for (const node of document.querySelectorAll("[data-chart]")) {
    if (drawn.has(node)) continue;
    draw(node);
    resized.observe(node);
  }
}

drawAll();
document.addEventListener("htmx:afterSettle", drawAll);
document.addEventListener("themechange", () => {
  for (const node of drawn.keys()) draw(node);
});
