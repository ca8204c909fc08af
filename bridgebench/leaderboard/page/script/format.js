// Numbers as people read them: no more digits than the interval leaves certain.

function digits(value, figures = 4) {
  if (value === null || value === undefined) return "";
  return String(Number(value.toPrecision(figures)));
}

function halfWidth(triple) {
  const [value, low, high] = triple;
  if (value === null || low === null || low === undefined || high === null) return null;
  return (high - low) / 2;
}

function valueAndHalf(triple) {
  const value = triple[0];
  if (value === null) return ["", ""];
  const half = halfWidth(triple);
  if (half === null) return [digits(value), ""];
  if (half === 0) return [digits(value), "±0"];
  const decimals = Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(half))));
  return [value.toFixed(decimals), `±${half.toFixed(decimals)}`];
}

function rowTitle(row) {
  const {method, solver, transform} = row.axes;
  return [method, solver, transform].filter(Boolean).join(" ");
}

function flagAbout(board, name) {
  return board.flags.find((flag) => flag.name === name)?.about ?? "";
}

function isCopying(board, row) {
  return board.flags.some((flag) => flag.copying && row.flags.includes(flag.name));
}

function baseName(spec) {
  return spec === null ? "none" : String(spec).split(":")[0];
}
