// Plots: dots with their intervals, and lines of error against evaluations.

const PER_IMAGE = "seconds_per_image";

function quantity(board, name) {
  const column = board.columns.find((one) => one.name === name);
  if (column) {
    const unit = column.unit ? ` (${column.unit})` : "";
    return {name, label: name + unit, better: column.better, of: (row) => row.values[name]};
  }
  if (name === PER_IMAGE) {
    return {
      name, label: "seconds an image", better: "lower",
      of: (row) => [row.cost.images_per_s ? 1 / row.cost.images_per_s : null],
    };
  }
  const labels = {nfe_total: "network evaluations an image", seconds: "seconds", peak_memory_mb: "peak memory (MB)"};
  return {name, label: labels[name] || name, better: "lower", of: (row) => [row.cost[name]]};
}

function scaleType(points, at) {
  const values = points.map(at).filter((value) => value !== null);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low > 0 && high / low > 20 ? "log" : "linear";
}

function pointsOf(rows, x, y) {
  return rows.filter((row) => row.status === "ok").map((row) => {
    const [across, up] = [x.of(row), y.of(row)];
    return {
      row, x: across[0], y: up[0], xLow: across[1] ?? null, xHigh: across[2] ?? null,
      yLow: up[1] ?? null, yHigh: up[2] ?? null,
    };
  }).filter((point) => point.x !== null && point.y !== null);
}

// The points that no other beats on both of the quantities shown.
function frontOf(points, x, y) {
  if (!x.better || !y.better) return [];
  const turn = (value, better) => (better === "higher" ? -value : value);
  const own = points.filter((point) => !point.row.baseline && !point.row.flags.length).map((point) => ({
    ...point, a: turn(point.x, x.better), b: turn(point.y, y.better),
  })).sort((p, q) => p.a - q.a || p.b - q.b);
  const front = [];
  for (const point of own) {
    if (!front.length || point.b < front[front.length - 1].b) front.push(point);
  }
  return front;
}

function axisOptions(points, at, quantityShown) {
  const arrow = {higher: " ↑", lower: " ↓"}[quantityShown.better] || "";
  return {type: scaleType(points, at), label: quantityShown.label + arrow, nice: true, labelArrow: "none", ticks: 6, grid: true, tickFormat: (value) => digits(value, 3)};
}

function intervalMarks(points, xType, yType) {
  const within = (type, low) => low !== null && (type !== "log" || low > 0);
  return [
    Plot.ruleX(points.filter((p) => within(yType, p.yLow)), {x: "x", y1: "yLow", y2: "yHigh", stroke: "currentColor", strokeOpacity: 0.28}),
    Plot.ruleY(points.filter((p) => within(xType, p.xLow)), {y: "y", x1: "xLow", x2: "xHigh", stroke: "currentColor", strokeOpacity: 0.28}),
  ];
}

function tipText(board, point, x, y, more) {
  const word = (shown) => {
    const [value, half] = valueAndHalf(shown.of(point.row));
    return `${shown.name}: ${value} ${half}`.trim();
  };
  const rank = point.row.rank === null ? "" : `rank ${point.row.rank}, `;
  const axes = ["source_score", "target_score", "nfe", "seed"].filter((axis) => board.axes.includes(axis) && point.row.axes[axis] !== null)
    .map((axis) => `${axis} ${point.row.axes[axis]}`);
  const flags = point.row.flags.map((name) => `⚑ ${name}`);
  return [rank + rowTitle(point.row), ...flags, ...axes, word(x), word(y), ...more.map(word)].join("\n");
}

function baselineMarks(points) {
  return [Plot.dot(points, {x: "x", y: "y", r: 4, symbol: "diamond", stroke: "currentColor", fill: "var(--sheet)"})];
}

// The name of each baseline once, above the dots: one of several solvers has a diamond for each.
function baselineNames(points) {
  const first = points.filter((p, at) => points.findIndex((q) => q.row.axes.method === p.row.axes.method) === at);
  const halo = {stroke: "var(--sheet)", strokeWidth: 3, strokeOpacity: 0.85};
  return Plot.text(first, {x: "x", y: "y", text: (p) => p.row.axes.method, dy: -10, fill: "var(--text)", ...halo, fontSize: 10});
}

// What a baseline reaches, whatever it costs; levels too close for two labels share one.
function levelMarks(levels) {
  const named = [];
  for (const {y, row} of [...levels].sort((a, b) => a.y - b.y)) {
    const last = named[named.length - 1];
    const close = last && Math.abs(y - last.y) < 0.03 * Math.max(...levels.map((one) => Math.abs(one.y)));
    if (close) last.names.add(row.axes.method);
    else named.push({y, names: new Set([row.axes.method])});
  }
  return [
    Plot.ruleY(levels, {y: "y", stroke: "currentColor", strokeDasharray: "2 3", strokeOpacity: 0.7}),
    Plot.text(named, {y: "y", text: (one) => [...one.names].join(", "), frameAnchor: "right", textAnchor: "end", dy: -6, fill: "currentColor", fontSize: 10}),
  ];
}

// `paint` says how dots look: {fill, symbol, color, symbols, more, levels}.
function dotPlot(board, points, {x, y, width, paint, label}) {
  const own = points.filter((point) => !point.row.baseline);
  const baselines = points.filter((point) => point.row.baseline);
  const [xAxis, yAxis] = [axisOptions(points, (p) => p.x, x), axisOptions(points, (p) => p.y, y)];
  return Plot.plot({
    width, height: 300, marginLeft: 52, marginBottom: 38, marginTop: 22, marginRight: 18,
    ariaLabel: label, x: xAxis, y: yAxis, color: paint.color, symbol: paint.symbols,
    marks: [
      ...intervalMarks(points, xAxis.type, yAxis.type),
      Plot.line(frontOf(points, x, y), {x: "x", y: "y", stroke: "var(--accent)", strokeDasharray: "4 3", strokeOpacity: 0.9}),
      ...(paint.levels ? levelMarks(paint.levels) : baselineMarks(baselines)),
      Plot.dot(own, {x: "x", y: "y", r: 4.2, fill: paint.fill, symbol: paint.symbol, stroke: "var(--sheet)", strokeWidth: 0.7}),
      Plot.dot(own.filter((p) => p.row.flags.length), {x: "x", y: "y", r: 4.2, symbol: "times", stroke: "var(--bad)", strokeWidth: 1.8}),
      Plot.dot(own.filter((p) => p.row.pareto), {x: "x", y: "y", r: 7, stroke: "var(--accent)", strokeWidth: 1.6}),
      ...(paint.levels ? [] : [baselineNames(baselines)]),
      Plot.tip(points, Plot.pointer({x: "x", y: "y", title: (p) => tipText(board, p, x, y, paint.more), fill: "var(--sheet)", maxRadius: 24, lineHeight: 1.25})),
    ],
  });
}

function linePlot(board, points, {x, y, width, colors, label}) {
  const series = (p) => ["method", "source_score", "target_score", "solver", "transform", "seed"].map((axis) => p.row.axes[axis]).join(" ");
  const solver = (p) => p.row.axes.solver ?? "none";
  const xAxis = {...axisOptions(points, (p) => p.x, x), type: "log", base: 2, nice: false, label: x.label};
  const yAxis = axisOptions(points, (p) => p.y, y);
  xAxis.ticks = [...new Set(points.map((p) => p.x))].sort((a, b) => a - b);
  xAxis.tickFormat = String;
  return Plot.plot({
    width, height: 300, marginLeft: 52, marginBottom: 38, marginTop: 22, marginRight: 18,
    ariaLabel: label, x: xAxis, y: yAxis, color: colors,
    marks: [
      Plot.ruleX(points.filter((p) => p.yLow !== null && (yAxis.type !== "log" || p.yLow > 0)), {x: "x", y1: "yLow", y2: "yHigh", stroke: "currentColor", strokeOpacity: 0.28}),
      Plot.line(points, {x: "x", y: "y", z: series, stroke: solver, strokeOpacity: 0.55, sort: "x"}),
      Plot.dot(points, {x: "x", y: "y", fill: solver, r: 3.6, stroke: "var(--sheet)", strokeWidth: 0.7}),
      Plot.tip(points, Plot.pointer({x: "x", y: "y", title: (p) => tipText(board, p, x, y, []), fill: "var(--sheet)", maxRadius: 24, lineHeight: 1.25})),
    ],
  });
}

// By keyboard, a plot is one stop: arrows go from point to point, Enter opens the row.
function walkable(svg, points, said, open) {
  const order = [...points].sort((a, b) => a.x - b.x || a.y - b.y);
  const ring = document.createElementNS("http://www.w3.org/2000/svg", "circle");
  ring.setAttribute("r", "10");
  ring.setAttribute("fill", "none");
  ring.setAttribute("stroke", "var(--text)");
  ring.setAttribute("stroke-width", "2");
  let at = -1;
  const place = () => {
    const point = order[at];
    ring.setAttribute("cx", svg.scale("x").apply(point.x));
    ring.setAttribute("cy", svg.scale("y").apply(point.y));
    if (!ring.isConnected) svg.append(ring);
    announce(said(point));
  };
  svg.setAttribute("tabindex", "0");
  svg.setAttribute("role", "application");
  svg.setAttribute("aria-roledescription", "plot; arrow keys go from point to point, Enter opens the row");
  svg.addEventListener("keydown", (event) => {
    const steps = {ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1};
    if (event.key in steps && order.length) {
      at = at < 0 ? 0 : (at + steps[event.key] + order.length) % order.length;
      place();
      event.preventDefault();
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault(); // else the same key press would close the row, which has the focus now
      open(order[at].row.id);
    }
  });
  svg.addEventListener("blur", () => ring.remove());
  svg.addEventListener("click", () => svg.value && open(svg.value.row.id));
}
