// What is shown, kept in the address, so that a link restores it.

const SHOWN = {baselines: true, failed: false, front: false};

function emptyView() {
  return {board: "", sort: "", query: "", flag: "", only: {}, columns: [], open: [], axes: {}, show: {...SHOWN}};
}

function readView() {
  const words = new URLSearchParams(location.hash.slice(1));
  const view = emptyView();
  const list = (name) => (words.get(name) || "").split(",").filter(Boolean);
  view.board = words.get("board") || "";
  view.sort = words.get("sort") || "";
  view.query = words.get("q") || "";
  view.flag = words.get("flag") || "";
  view.columns = list("columns");
  view.open = list("open");
  for (const [name, value] of words) {
    if (name.startsWith("only.")) view.only[name.slice(5)] = value;
    if (name.startsWith("axis.")) view.axes[name.slice(5)] = value;
  }
  for (const name of Object.keys(SHOWN)) {
    if (words.has(name)) view.show[name] = words.get(name) === "1";
  }
  return view;
}

function writeView(view, boards) {
  const words = new URLSearchParams();
  const put = (name, value) => value && words.set(name, value);
  if (boards.length > 1) put("board", view.board);
  put("sort", view.sort);
  put("q", view.query);
  put("flag", view.flag);
  put("columns", view.columns.join(","));
  put("open", view.open.join(","));
  for (const [axis, value] of Object.entries(view.only)) put(`only.${axis}`, value);
  for (const [name, value] of Object.entries(view.axes)) put(`axis.${name}`, value);
  for (const [name, usual] of Object.entries(SHOWN)) {
    if (view.show[name] !== usual) words.set(name, view.show[name] ? "1" : "0");
  }
  const text = words.toString();
  history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
}

// What rows can be filtered by: an axis, or what the method was given.
const FACETS = ["supervision"];

function facet(row, name) {
  const value = FACETS.includes(name) ? row[name] : row.axes[name];
  return value === null || value === "" ? "-" : String(value);
}

function shownRows(board, view) {
  const words = view.query.toLowerCase().split(/\s+/).filter(Boolean);
  return sorted(board, view, board.rows.filter((row) => {
    if (row.baseline && !view.show.baselines) return false;
    if (row.status !== "ok" && !view.show.failed) return false;
    if (view.show.front && !row.pareto && !row.baseline) return false;
    if (view.flag && !hasFlag(row, view.flag)) return false;
    for (const [axis, value] of Object.entries(view.only)) {
      if (facet(row, axis) !== value) return false;
    }
    const text = `${Object.values(row.axes).join(" ")} ${row.supervision} ${row.trust} ${row.flags.join(" ")}`.toLowerCase();
    return words.every((word) => text.includes(word));
  }));
}

// "-" asks for rows without a flag, "*" for those with any; no flag has such a name.
function hasFlag(row, wanted) {
  if (wanted === "-") return row.flags.length === 0;
  return wanted === "*" ? row.flags.length > 0 : row.flags.includes(wanted);
}

// A row without the number stands below those that have it, whichever way the others are sorted.
function sorted(board, view, rows) {
  if (!view.sort) return rows;
  const falling = view.sort.startsWith("-");
  const name = falling ? view.sort.slice(1) : view.sort;
  const key = sortKey(board, name);
  if (!key) return rows;
  const sign = falling ? -1 : 1;
  return rows.map((row, index) => [key(row), index, row]).sort((a, b) => {
    const [first, second] = [a[0], b[0]];
    if (first === null || second === null) return (first === null) - (second === null) || a[1] - b[1];
    if (first === second) return a[1] - b[1];
    return (first < second ? -1 : 1) * sign;
  }).map((entry) => entry[2]);
}

function sortKey(board, name) {
  if (board.columns.some((column) => column.name === name)) return (row) => row.values[name][0];
  const own = {
    rank: (row) => row.rank,
    group: (row) => row.tie_group,
    front: (row) => (row.pareto === null ? null : row.pareto ? 0 : 1),
    supervision: (row) => row.supervision,
    trust: (row) => row.trust,
  };
  if (own[name]) return own[name];
  if (name in board.rows[0].axes) return (row) => row.axes[name];
  if (name in board.rows[0].cost) return (row) => row.cost[name];
  return null;
}
