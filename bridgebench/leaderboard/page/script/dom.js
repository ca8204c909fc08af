// Elements are made of attributes and text alone; nothing here reads a string as HTML.

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function byId(id) {
  return document.getElementById(id);
}

function choice(label, options, value, chosen) {
  const select = element("select", {"aria-label": label, onchange: () => chosen(select.value)});
  for (const [word, text] of options) {
    select.append(element("option", {value: word, selected: word === value}, text));
  }
  return select;
}

function announce(text) {
  byId("live").textContent = text;
}
