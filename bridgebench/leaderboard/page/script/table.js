// The table: what can be sorted has a button in its header, what can be opened one in its row.

const COSTS = {
  nfe_total: "NFE", images_per_s: "images/s", seconds: "seconds", peak_memory_mb: "memory, MB",
};

// A longer unit is in the tip of the header and in the details of a row.
const SHORT = 7;

function tableColumns(board, view) {
  const chosen = board.columns.filter(
    (column) => !column.of && (board.primary.includes(column.name) || view.columns.includes(column.name)));
  const metrics = chosen.map((column) => {
    const [range, best] = [barRange(board, column), bestValue(board, column)];
    const chance = board.columns.find((one) => one.of === column.name);
    return {
      name: column.name, label: column.name, unit: column.unit, num: true, better: column.better,
      about: column.unit ? `${column.about}; ${column.unit}` : column.about, cell: (row) => metricCell(row, column, chance, range, best),
    };
  });
  const costs = Object.entries(COSTS)
    .filter(([name]) => name === "nfe_total" || view.columns.includes(name))
    .map(([name, label]) => ({
      name, label, num: true, better: name === "images_per_s" ? "higher" : "lower",
      cell: (row) => element("td", {class: "num"}, digits(row.cost[name])),
    }));
  return [
    {name: "rank", label: "#", num: true, about: "rank", cell: (row) =>
      element("td", {class: "num rank"}, row.rank === null ? "" : String(row.rank))},
    ...board.axes.map((axis) => ({
      name: axis, label: axis, num: axis === "nfe", cell: (row) => axisCell(board, row, axis),
    })),
    {name: "supervision", label: "supervision", about: "what the method was given", cell: (row) =>
      element("td", {"data-column": "supervision"}, row.supervision)},
    ...metrics,
    {name: "group", label: "group", num: true, about: "tie group: rows that do not differ significantly from its best", cell: tieCell},
    ...(board.pareto.length ? [{name: "front", label: "front", about: `Pareto front of ${board.pareto.join(", ")}`, cell: frontCell}] : []),
    ...costs,
    {name: "trust", label: "trust", cell: trustCell},
  ];
}

function nextSort(column, sort) {
  const first = column.better === "higher" ? `-${column.name}` : column.name;
  const second = first.startsWith("-") ? column.name : `-${column.name}`;
  if (sort === first) return second;
  return sort === second ? "" : first;
}

function headerCell(column, view, change) {
  const state = view.sort === column.name ? "ascending" : view.sort === `-${column.name}` ? "descending" : "none";
  const arrow = {ascending: "▲", descending: "▼", none: ""}[state];
  const better = {higher: "↑", lower: "↓"}[column.better] || "";
  const button = element("button", {
    type: "button", title: column.about || null, "data-sort": column.name,
    onclick: () => change({sort: nextSort(column, view.sort)}),
  }, column.label, column.unit && column.unit.length <= SHORT ? element("small", {}, column.unit) : null,
  better ? element("small", {title: `${column.better} is better`}, better) : null,
  element("span", {class: "arrow", "aria-hidden": "true"}, arrow));
  return element("th", {scope: "col", class: column.num ? "num" : null, "aria-sort": state}, button);
}

function rowElements(board, view, row, columns, toggle) {
  const open = view.open.includes(row.id);
  const opener = element("button", {
    type: "button", class: "opener", "aria-expanded": String(open), "aria-controls": `details-${row.id}`,
    "aria-label": `${open ? "Close" : "Open"} ${rowTitle(row)}`,
  }, open ? "▾" : "▸");
  const kinds = ["row", row.baseline ? "baseline" : "", row.status === "ok" ? "" : "failed", isCopying(board, row) ? "copying" : "", open ? "open" : ""];
  const line = element("tr", {
    class: kinds.filter(Boolean).join(" "), id: `row-${row.id}`,
    onclick: (event) => {
      if (!event.target.closest("a, input") && !String(getSelection())) toggle(row.id);
    },
  }, element("td", {}, opener), ...columns.map((column) => column.cell(row)));
  if (!open) return [line];
  const details = element("tr", {class: "details", id: `details-${row.id}`}, detailsCell(board, row, columns.length + 1));
  return [line, details];
}

function drawTable(board, view, rows, change, toggle) {
  const columns = tableColumns(board, view);
  const head = element("thead", {}, element("tr", {},
    element("th", {scope: "col"}, element("span", {class: "fixed"}, element("span", {class: "unseen"}, "open"))),
    ...columns.map((column) => headerCell(column, view, change))));
  const body = element("tbody");
  for (const row of rows) body.append(...rowElements(board, view, row, columns, toggle));
  const place = byId("board");
  const focused = place.contains(document.activeElement) ? focusKey(document.activeElement) : "";
  const [left, top] = [place.scrollLeft, place.scrollTop];
  place.replaceChildren(element("table", {class: "rows"},
    element("caption", {class: "unseen"}, `${board.task}, ${rows.length} rows`), head, body));
  place.scrollTo(left, top);
  if (focused) place.querySelector(focused)?.focus({preventScroll: true});
}

// Drawing anew must not lose the place of somebody who goes by keyboard.
function focusKey(node) {
  if (node.dataset.sort) return `[data-sort="${CSS.escape(node.dataset.sort)}"]`;
  const controls = node.getAttribute("aria-controls");
  return controls ? `[aria-controls="${CSS.escape(controls)}"]` : "";
}
