// What opens below a row: its picture, all its numbers, and where they come from.

function detailsCell(board, row, span) {
  // As wide as what is seen of the table, which may be wider, and it stays there when it scrolls.
  const held = element("div", {class: "pinned"});
  const picture = strip(row);
  if (picture) held.append(picture);
  if (row.reason) held.append(element("p", {}, `${row.status}: ${row.reason}`));
  const panes = element("div", {class: "panes"});
  if (row.status === "ok") panes.append(numbersPane(board, row));
  panes.append(standingPane(board, row), originPane(row));
  held.append(panes);
  return element("td", {colspan: span}, held);
}

function strip(row) {
  const held = byId(`strip-${row.strip}`);
  if (!held) return null;
  const {width, height, labels} = held.dataset;
  const lines = JSON.parse(labels);
  const image = element("img", {
    class: "strip", width, height,
    src: `data:image/webp;base64,${held.textContent}`,
    alt: `The first images of ${rowTitle(row)}${lines.length ? `, a line each: ${lines.join(", ")}` : ""}`,
  });
  const names = element("div", {class: "lines", "aria-hidden": "true"}, ...lines.map((text) => element("span", {}, text)));
  return element("figure", {class: "strip-frame"},
    element("div", {class: "strip-lines"}, names, image),
    element("figcaption", {}, "Thumbnails of the first images; the strips of the run have them without loss."));
}

function numbersPane(board, row) {
  const table = element("table", {}, element("caption", {class: "unseen"}, "All numbers of this row"));
  table.append(element("thead", {}, element("tr", {},
    ...["number", "value", "95 % interval", "what it is"].map((text) => element("th", {scope: "col"}, text)))));
  const body = element("tbody");
  for (const column of board.columns) {
    const [value, low, high] = row.values[column.name];
    if (value === null) continue;
    const unit = column.unit ? ` (${column.unit})` : "";
    body.append(element("tr", {},
      element("th", {scope: "row", class: "mono"}, column.name),
      element("td", {class: "num"}, digits(value, 5)),
      element("td", {class: "num"}, low === undefined || low === null ? "" : `${digits(low)} – ${digits(high)}`),
      element("td", {}, column.about + unit)));
  }
  table.append(body);
  return element("section", {}, element("h3", {}, "Numbers"), table);
}

function standingPane(board, row) {
  const cost = row.cost;
  const pairs = [
    ["rank", row.rank ?? "none"],
    ["tie group", row.tie_group ?? "none"],
    ["Pareto front", row.pareto === null ? "does not take part" : row.pareto ? "yes" : "no"],
    ["flags", row.flags.map((name) => `${name}: ${flagAbout(board, name)}`).join("\n") || "none"],
    ["supervision", row.supervision || "none"],
    ["latent std", digits(row.latent_std)],
    ["NFE encode, decode, total", [cost.nfe_encode, cost.nfe_decode, cost.nfe_total].map((x) => digits(x)).join(", ")],
    ["images a second", digits(cost.images_per_s)],
    ["seconds", digits(cost.seconds)],
    ["peak memory", cost.peak_memory_mb === null ? "" : `${digits(cost.peak_memory_mb)} MB`],
    ["trust", row.trust],
  ];
  const pane = element("section", {}, element("h3", {}, "Standing and cost"), definitions(pairs));
  for (const one of row.verifications) {
    const differing = one.differing.length ? `, other: ${one.differing.join(", ")}` : "";
    pane.append(element("p", {}, `${one.verdict} by ${one.by} on ${one.date} with bridgebench ` +
      `${one.bridgebench}, torch ${one.torch}, ${one.device}, ${one.sources} sources${differing}`));
  }
  return pane;
}

function originPane(row) {
  const plugins = Object.entries(row.plugins).map(([name, one]) =>
    typeof one === "object" && one !== null
      ? `${name}: ${one.distribution} ${one.version}, sources ${String(one.sha256).slice(0, 12)}`
      : `${name}: ${one}`);
  const weights = Object.entries(row.weights).map(([name, sha]) => `${name}: ${sha}`);
  return element("section", {},
    element("h3", {}, "Where it comes from"),
    definitions([
      ["file", `${row.file}, row ${row.number}`],
      ["machine", `${row.device}, ${row.precision}, batches of ${row.batch}`],
      ["versions", `bridgebench ${row.bridgebench}, torch ${row.torch}`],
      ["row hash", row.row_sha256],
      ["cell", row.strip],
    ]),
    element("h3", {}, "Compute it again"),
    element("pre", {}, row.command),
    element("h3", {}, "Plugins"), element("pre", {}, plugins.join("\n") || "none"),
    element("h3", {}, "Weights, by sha256"), element("pre", {}, weights.join("\n") || "none"),
    element("h3", {}, "Options as resolved"), element("pre", {}, JSON.stringify(row.options, null, 1)));
}

function definitions(pairs) {
  const list = element("dl");
  for (const [name, value] of pairs) {
    list.append(element("dt", {}, name), element("dd", {}, String(value)));
  }
  return list;
}
