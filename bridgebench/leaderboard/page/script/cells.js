// The cells of the table.

// The range of a column's bars is that of the competing rows: a baseline may be far off.
function barRange(board, column) {
  const ends = board.rows
    .filter((row) => row.status === "ok" && !row.baseline && !isCopying(board, row) && row.values[column.name][0] !== null)
    .flatMap((row) => row.values[column.name].filter((value) => value !== null));
  if (!ends.length) return null;
  const all = ends.sort((a, b) => a - b);
  const at = (share) => all[Math.round(share * (all.length - 1))];
  const [low, high] = all.length > 60 ? [at(0.02), at(0.98)] : [all[0], all[all.length - 1]];
  if (high <= low) return null;
  return low > 0 && high / low > 20 ? {from: Math.log(low), to: Math.log(high), at: Math.log} : {from: low, to: high, at: (x) => x};
}

function bestValue(board, column) {
  if (!column.better) return null;
  const values = board.rows
    .filter((row) => row.status === "ok" && !row.baseline && !row.flags.length)
    .map((row) => row.values[column.name][0]).filter((value) => value !== null);
  if (!values.length) return null;
  return column.better === "higher" ? Math.max(...values) : Math.min(...values);
}

function metricCell(row, column, chance, range, best) {
  const triple = row.values[column.name];
  const [value, half] = valueAndHalf(triple);
  const isBest = !row.baseline && !row.flags.length && triple[0] !== null && triple[0] === best;
  const cell = element("td", {
    class: isBest ? "num best" : "num",
    "data-column": column.name,
    title: triple[1] === undefined || triple[1] === null ? null
      : `95 % interval ${digits(triple[1])} to ${digits(triple[2])}`,
  });
  if (value === "") return cell;
  cell.append(element("span", {class: "value"}, value));
  if (column.interval) cell.append(element("span", {class: "half"}, half));
  if (range && halfWidth(triple) !== null) cell.append(intervalBar(triple, range));
  if (chance && row.values[chance.name][0] !== null) cell.append(chanceLine(row, chance));
  return cell;
}

function chanceLine(row, chance) {
  return element("span", {class: "chance", title: chance.about}, `chance ${digits(row.values[chance.name][0], 3)}`);
}

function intervalBar([value, low, high], {from, to, at}) {
  const share = (x) => (x <= 0 && at === Math.log ? 0 : (at(x) - from) / (to - from));
  const place = (x) => `${100 * Math.min(1, Math.max(0, share(x)))}%`;
  const span = element("i");
  span.style.left = place(low);
  span.style.right = `calc(100% - ${place(high)})`;
  const mark = element("b");
  mark.style.left = place(value);
  return element("span", {class: "interval", "aria-hidden": "true"}, span, mark);
}

function tieCell(row) {
  if (row.tie_group === null) return element("td", {class: "num"});
  const first = row.tie_group === 1;
  return element("td", {class: "num"},
    element("span", {class: first ? "tie first" : "tie"}, String(row.tie_group)));
}

function frontCell(row) {
  if (!row.pareto) return element("td");
  return element("td", {}, element("span", {class: "front", title: "no row is better on all"}, "◆"),
    element("span", {class: "unseen"}, "on the Pareto front"));
}

function trustCell(row) {
  return element("td", {}, element("span", {class: `tag ${row.trust}`}, row.trust));
}

// A chain breaks after a plus, a spec before an option, and nowhere else.
function parts(spec) {
  if (spec === null) return ["-"];
  return String(spec).split(/(?<=\+)|(?=:)/).flatMap((text) =>
    [element("wbr"), element("span", {class: "part"}, text)]).slice(1);
}

function flagTag(board, name) {
  return element("span", {class: "tag flag", title: flagAbout(board, name)}, `⚑ ${name}`);
}

function axisCell(board, row, axis) {
  const value = row.axes[axis];
  if (axis === "nfe") return element("td", {class: "num"}, value === null ? "" : String(value));
  const cell = element("td", {class: "spec mono", "data-column": axis}, ...parts(value));
  if (axis === "method" && row.baseline) cell.append(" ", element("span", {class: "tag"}, "baseline"));
  if (axis === "method" && row.status !== "ok") cell.append(" ", element("span", {class: "tag"}, row.status));
  if (axis === "method") for (const name of row.flags) cell.append(" ", flagTag(board, name));
  return cell;
}
