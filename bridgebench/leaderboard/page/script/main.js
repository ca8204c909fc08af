// The state of the page is the view in its address; every change draws from it anew.

const DATA = JSON.parse(byId("data").textContent);
let view = readView();

function boardInView() {
  return DATA.boards.find((board) => board.id === view.board) || DATA.boards[0];
}

function change(part) {
  view = {...view, ...part};
  writeView(view, DATA.boards);
  draw();
}

function toggle(id) {
  const open = view.open.includes(id) ? view.open.filter((one) => one !== id) : [...view.open, id];
  change({open});
}

function openRow(id) {
  if (!view.open.includes(id)) change({open: [...view.open, id]});
  const row = byId(`row-${id}`);
  row?.scrollIntoView({block: "center"});
  row?.querySelector(".opener").focus({preventScroll: true});
}

function drawHead(board) {
  document.title = `${board.task} · bridgebench leaderboard`;
  byId("title").textContent = board.task;
  byId("summary").textContent = board.summary;
  const ok = board.rows.filter((row) => row.status === "ok");
  const groups = new Set(ok.filter((row) => row.tie_group !== null).map((row) => `${row.axes.seed} ${row.tie_group}`));
  const better = board.columns.find((column) => column.name === board.rankedBy)?.better;
  const facts = [
    ["protocol", board.protocol], ["images", board.n],
    ["seeds", [...new Set(board.rows.map((row) => row.axes.seed))].join(", ")],
    ["rows", board.rows.length], ["tie groups", groups.size || "not tested"],
    ...(board.flags.length ? [["flagged", board.rows.filter((row) => row.flags.length).length]] : []),
    ["ranked by", `${board.rankedBy} (${better} is better)`],
    ["verified", `${board.rows.filter((row) => row.trust === "verified").length} of ${board.rows.length}`],
    ["fingerprint", board.fingerprint],
  ];
  byId("facts").replaceChildren(...facts.map(([name, value]) =>
    element("li", {}, `${name} `, element("b", {}, String(value)))));
  byId("remarks").replaceChildren(
    ...board.warnings.map((text) => element("p", {class: "warning"}, `Warning: ${text}.`)),
    ...board.notes.map((text) => element("p", {}, text)));
  byId("foot").textContent = `Made by bridgebench ${DATA.version} from ${board.files.join(", ")}. Each number has an ` +
    "interval of 95 %. Rows of one tie group do not differ significantly from the best of the group. A row is self-reported " +
    "until somebody else has computed it again and says so; hashes guard against damage, not against a liar.";
}

function drawToolbar(board) {
  const search = element("input", {
    type: "search", id: "query", placeholder: "Search rows", value: view.query, "aria-label": "Search rows",
    oninput: () => change({query: search.value}),
  });
  const filters = [...board.axes, ...FACETS].map((axis) => {
    const values = [...new Set(board.rows.map((row) => facet(row, axis)))];
    const options = [["", `every ${axis}`], ...values.map((value) => [value, value])];
    return choice(`Filter by ${axis}`, options, view.only[axis] || "", (value) => {
      const only = {...view.only, [axis]: value};
      if (!value) delete only[axis];
      change({only});
    });
  });
  if (flagsRaised(board).length) filters.push(flagChoice(board));
  const failed = board.rows.some((row) => row.status !== "ok");
  const checks = [
    board.rows.some((row) => row.baseline) ? check("baselines", "baselines") : null,
    board.pareto.length ? check("front", "Pareto front only") : null,
    failed ? check("failed", "rows without results") : null,
  ];
  byId("toolbar").replaceChildren(search, ...filters, ...checks.filter(Boolean), columnMenu(board),
    element("button", {type: "button", class: "button", id: "reset", onclick: reset}, "Reset"));
}

function flagsRaised(board) {
  return board.flags.filter((flag) => board.rows.some((row) => row.flags.includes(flag.name)));
}

function flagChoice(board) {
  const options = [
    ["", "flagged or not"], ["-", "not flagged"], ["*", "flagged"],
    ...flagsRaised(board).map((flag) => [flag.name, `⚑ ${flag.name}`]),
  ];
  return choice("Filter by flags", options, view.flag, (value) => change({flag: value}));
}

function check(name, text) {
  const box = element("input", {
    type: "checkbox", id: `show-${name}`, checked: view.show[name],
    onchange: () => change({show: {...view.show, [name]: box.checked}}),
  });
  return element("label", {class: "check"}, box, text);
}

function columnMenu(board) {
  const more = [
    ...board.columns.filter((column) => !column.of && !board.primary.includes(column.name)).map((column) => [column.name, column.about]),
    ...Object.entries(COSTS).filter(([name]) => name !== "nfe_total").map(([name, label]) => [name, label]),
  ];
  const boxes = more.map(([name, about]) => {
    const box = element("input", {
      type: "checkbox", checked: view.columns.includes(name), value: name,
      onchange: () => change({
        columns: box.checked ? [...view.columns, name] : view.columns.filter((one) => one !== name),
      }),
    });
    return element("label", {class: "check", title: about}, box, name);
  });
  return element("details", {class: "columns"}, element("summary", {class: "button"}, "More columns"),
    element("div", {class: "menu"}, ...boxes));
}

function reset() {
  view = {...emptyView(), board: boardInView().id};
  writeView(view, DATA.boards);
  start();
}

function draw() {
  const board = boardInView();
  const rows = shownRows(board, view);
  byId("count").textContent = `${rows.length} of ${board.rows.length} rows`;
  drawTable(board, view, rows, change, toggle);
  const seen = JSON.stringify([board.id, view.query, view.flag, view.only, view.show, view.axes]);
  if (seen !== draw.charted) {
    draw.charted = seen;
    drawCharts(board, view, rows, change, openRow);
  }
}

function start() {
  draw.charted = "";
  if (!DATA.boards.length) {
    byId("title").textContent = "No boards";
    return;
  }
  const board = boardInView();
  view.board = board.id;
  view.open = view.open.filter((id) => board.rows.some((row) => row.id === id));
  view.only = Object.fromEntries(Object.entries(view.only).filter(([axis, value]) =>
    [...board.axes, ...FACETS].includes(axis) && board.rows.some((row) => facet(row, axis) === value)));
  if (!["-", "*"].includes(view.flag) && !flagsRaised(board).some((flag) => flag.name === view.flag)) view.flag = "";
  drawHead(board);
  drawToolbar(board);
  draw();
}

function chooseBoards() {
  if (DATA.boards.length < 2) return;
  byId("board-choice").hidden = false;
  const select = byId("board-select");
  select.replaceChildren(...DATA.boards.map((board) =>
    element("option", {value: board.id, selected: board.id === boardInView().id},
      `${board.task}, ${board.protocol}, n = ${board.n}`)));
  select.addEventListener("change", () => {
    view = {...emptyView(), board: select.value};
    writeView(view, DATA.boards);
    start();
  });
}

function setTheme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  byId("theme").setAttribute("aria-pressed", String(dark));
}

async function copyLink() {
  try {
    await navigator.clipboard.writeText(location.href);
    announce("The link is copied.");
    byId("copy").textContent = "Copied";
  } catch {
    // A browser may refuse the clipboard to a page; the address bar has the same link.
    announce("The link stands in the address bar.");
    byId("copy").textContent = "See the address bar";
  }
  setTimeout(() => (byId("copy").textContent = "Copy link to this view"), 2000);
}

const prefersDark = matchMedia("(prefers-color-scheme: dark)");
setTheme(prefersDark.matches);
prefersDark.addEventListener("change", (event) => setTheme(event.matches));
byId("theme").addEventListener("click", () => setTheme(document.documentElement.dataset.theme !== "dark"));
byId("copy").addEventListener("click", copyLink);
addEventListener("hashchange", () => {
  view = readView();
  const select = byId("board-select");
  start();
  if (select.options.length) select.value = view.board;
});
chooseBoards();
start();
let width = byId("charts").clientWidth;
new ResizeObserver(() => {
  const now = byId("charts").clientWidth;
  if (now !== width) {
    width = now;
    draw.charted = "";
    if (DATA.boards.length) draw();
  }
}).observe(byId("charts"));
