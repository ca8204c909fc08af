// The cards above the table, each a plot with its legend and what can be chosen of it.

const SOLVER_SYMBOLS = ["circle", "triangle", "square", "star", "wye", "cross"];

function drawCharts(board, view, rows, change, open) {
  const place = byId("charts");
  const focused = document.activeElement?.getAttribute?.("aria-label");
  const cards = [qualityCard(board, view, rows, change, open), costCard(board, view, rows, change, open)];
  const budgets = new Set(board.rows.map((row) => row.axes.nfe).filter((nfe) => nfe !== null));
  if (metricNames(board).includes(board.exact) && budgets.size > 1) {
    cards.push(errorCard(board, view, rows, change, open));
  }
  place.replaceChildren(...cards);
  for (const card of cards) card.draw();
  if (focused) place.querySelector(`[aria-label="${CSS.escape(focused)}"]`)?.focus({preventScroll: true});
}

function axisChoice(board, view, slot, label, names, value, change) {
  const options = names.map((name) => [name, name.replaceAll("_", " ")]);
  const select = choice(label, options, value, (word) => change({axes: {...view.axes, [slot]: word}}));
  return element("label", {class: "field"}, label.split(" ").pop(), select);
}

function chosen(view, slot, names, usual) {
  return names.includes(view.axes[slot]) ? view.axes[slot] : usual;
}

function card(title, choices, caption) {
  const [plot, legend] = [element("div", {class: "plot"}), element("div", {class: "legend"})];
  const figure = element("figure", {class: "card"},
    element("header", {}, element("h2", {}, title), element("div", {class: "choices"}, ...choices)),
    legend, plot, element("figcaption", {}, caption));
  return Object.assign(figure, {plot, legend});
}

function fill(figure, points, make, said, open) {
  if (!points.length) {
    figure.plot.replaceChildren(element("p", {class: "nothing"}, "No row here has both numbers."));
    return;
  }
  const svg = make(Math.max(300, figure.plot.clientWidth));
  figure.plot.replaceChildren(svg);
  walkable(svg, points, said, open);
}

function metricNames(board) {
  return board.columns.map((column) => column.name);
}

function qualityCard(board, view, rows, change, open) {
  const names = metricNames(board);
  const usual = [...board.pareto, ...board.primary, ...names].filter((name, i, all) => names.includes(name) && all.indexOf(name) === i);
  const slots = ["x", "y", "color"].map((slot, i) => chosen(view, slot, names, usual[Math.min(i, usual.length - 1)]));
  const figure = card("Quality", ["x", "y", "color"].map((slot, i) =>
    axisChoice(board, view, slot, `Quality plot ${slot}`, names, slots[i], change)),
  `${board.pareto.length ? `Ringed: on the Pareto front of ${board.pareto.join(", ")}. ` : ""}Dashed: the front of the two axes alone. Lines: 95 % intervals. Diamonds: baselines.${flagsRaised(board).length ? " Crossed: flagged." : ""}`);
  figure.draw = () => {
    const [x, y, color] = slots.map((name) => quantity(board, name));
    const points = pointsOf(rows, x, y);
    const shade = (point) => color.of(point.row)[0];
    const values = points.filter((p) => !p.row.baseline).map(shade).filter((value) => value !== null);
    const domain = values.length ? [Math.min(...values), Math.max(...values)] : [0, 1];
    const paint = {fill: shade, symbol: "circle", color: {domain, interpolate: ramp, unknown: "var(--muted)"}, more: [color]};
    figure.legend.replaceChildren(rampKey(color.label, domain));
    fill(figure, points, (width) => dotPlot(board, points, {x, y, width, paint, label: `${y.label} against ${x.label}`}),
      (point) => tipText(board, point, x, y, [color]).replaceAll("\n", ", "), open);
  };
  return figure;
}

function costCard(board, view, rows, change, open) {
  const names = ["nfe_total", PER_IMAGE, "seconds", "peak_memory_mb"].filter((name) => board.rows.some((row) => quantity(board, name).of(row)[0] !== null));
  const evaluations = new Set(board.rows.filter((row) => !row.baseline).map((row) => row.cost.nfe_total));
  const cost = chosen(view, "cost", names, evaluations.size > 3 || names.length < 2 ? names[0] : names[1]);
  const quality = chosen(view, "quality", metricNames(board), board.rankedBy);
  const figure = card("Cost and quality", [
    axisChoice(board, view, "cost", "Cost plot cost", names, cost, change),
    axisChoice(board, view, "quality", "Cost plot quality", metricNames(board), quality, change),
  ], `Color: method. Shape: solver. Dotted: what the baselines reach.${flagsRaised(board).length ? " Crossed: flagged." : ""} Seconds are those of the machine that each row names.`);
  figure.draw = () => {
    const [x, y] = [quantity(board, cost), quantity(board, quality)];
    const own = rows.filter((row) => !row.baseline);
    const points = pointsOf(own, x, y);
    const levels = pointsOf(rows.filter((row) => row.baseline), {of: () => [0]}, y);
    const methods = kinds(board.rows.filter((row) => !row.baseline), "method");
    const solvers = kinds(board.rows.filter((row) => !row.baseline), "solver");
    const colors = d3.schemeObservable10;
    const symbols = {domain: solvers, range: SOLVER_SYMBOLS.slice(0, solvers.length)};
    const paint = {
      fill: (p) => baseName(p.row.axes.method), symbol: (p) => baseName(p.row.axes.solver),
      color: {domain: methods, range: methods.map((_, i) => colors[i % 10])}, symbols, more: [], levels,
    };
    figure.legend.replaceChildren(
      ...methods.map((name, i) => key(name, "circle", colors[i % 10])),
      ...(solvers.length > 1 ? solvers.map((name, i) => key(name, SOLVER_SYMBOLS[i % 6], "currentColor")) : []));
    fill(figure, points, (width) => dotPlot(board, points, {x, y, width, paint, label: `${y.label} against ${x.label}`}),
      (point) => tipText(board, point, x, y, []).replaceAll("\n", ", "), open);
  };
  return figure;
}

function errorCard(board, view, rows, change, open) {
  const names = metricNames(board);
  const name = chosen(view, "error", names, board.exact);
  const figure = card("Error against evaluations", [axisChoice(board, view, "error", "Error plot error", names, name, change)],
    "The exact answer of this task is known. Both axes are logarithmic where the errors allow: a solver of order p falls with slope −p.");
  figure.draw = () => {
    const [x, y] = [{name: "nfe", label: "network evaluations in each direction", better: "", of: (row) => [row.axes.nfe]}, quantity(board, name)];
    const points = pointsOf(rows, x, y);
    const solvers = [...new Set(points.map((p) => p.row.axes.solver ?? "none"))].sort();
    const colors = d3.schemeObservable10;
    figure.legend.replaceChildren(...solvers.map((one, i) => key(one, "circle", colors[i % 10])));
    fill(figure, points, (width) => linePlot(board, points, {
      x, y, width, colors: {domain: solvers, range: solvers.map((_, i) => colors[i % 10])}, label: `${y.label} against network evaluations`,
    }), (point) => tipText(board, point, x, y, []).replaceAll("\n", ", "), open);
  };
  return figure;
}

function kinds(rows, axis) {
  return [...new Set(rows.map((row) => baseName(row.axes[axis])))].sort();
}

// Neither end vanishes on a white or a black page.
function ramp(share) {
  return d3.interpolateViridis(0.12 + 0.76 * share);
}

function rampKey(label, [low, high]) {
  const bar = element("span", {class: "ramp"});
  const stops = d3.range(0, 1.01, 0.1).map(ramp).join(", ");
  bar.style.background = `linear-gradient(to right, ${stops})`;
  return element("span", {class: "key"}, `${label}: ${digits(low, 3)}`, bar, digits(high, 3));
}

function key(name, symbol, color) {
  const shapes = {circle: d3.symbolCircle, triangle: d3.symbolTriangle, square: d3.symbolSquare, star: d3.symbolStar, wye: d3.symbolWye, cross: d3.symbolCross};
  const picture = d3.create("svg").attr("width", 12).attr("height", 12).attr("viewBox", "-6 -6 12 12").attr("aria-hidden", "true");
  picture.append("path").attr("d", d3.symbol(shapes[symbol], 46)()).attr("fill", color);
  return element("span", {class: "key"}, picture.node(), name);
}
