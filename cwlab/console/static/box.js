// A box for a few lines of code: what can stand here is offered while you type, and a mistake is underlined.
// Ctrl+Enter (or leaving the box) takes the text. Tab takes a word only while a list is open, so it never traps you.

const WORD = /[\w@.]*$/;
const MOST = 60;

function element(parent, tag, className, text) {
  const e = document.createElement(tag);
  e.className = className;
  if (text !== undefined) e.textContent = text;
  parent.append(e);
  return e;
}

// Where the text before the cursor ends: in code, and if so, whether a command is due there.
function place(before) {
  let inside = "", rest = "";
  for (let i = 0; i < before.length; i++) {
    const c = before[i];
    if (inside === "#") { if (c === "\n") inside = ""; continue; }
    rest = c === "|" && !inside ? "" : rest + (c === "#" && !inside ? "" : c);
    if (inside) { if (c === "\\") i++; else if (c === inside) inside = ""; continue; }
    if (c === "#" || c === '"' || c === "'" || c === "`") inside = c;
    else if (c === "/" && /(like|=~|parse(\s+[\w@.]+)?)\s*$/i.test(rest.slice(0, -1))) inside = "/";
  }
  return { code: !inside, due: !rest.trim() };
}

// Names the query itself makes: after "as", and in an expression's groups.
function made(text) {
  const names = new Set();
  for (const m of text.matchAll(/\bas\s+([\w@.]+(?:\s*,\s*[\w@.]+)*)/gi)) for (const n of m[1].split(/\s*,\s*/)) names.add(n);
  for (const m of text.matchAll(/\(\?<(\w+)>/g)) names.add(m[1]);
  return [...names].map((name) => [name, "of this query"]);
}

function offers(words, text, at) {
  const before = text.slice(0, at), word = WORD.exec(before)[0];
  const { code, due } = place(before.slice(0, before.length - word.length));
  if (!code || /^\d/.test(word)) return { word, found: [] };
  const known = due ? words.filter(([, kind]) => kind === "command") : [...made(text), ...words.filter(([, kind]) => kind !== "command")];
  const small = word.toLowerCase(), seen = new Set();
  const rank = ([name]) => (name.toLowerCase().startsWith(small) ? 0 : name.replace(/^@/, "").toLowerCase().startsWith(small) ? 1 : 2);
  const found = known
    .filter(([name]) => name.toLowerCase().includes(small) && !seen.has(name) && seen.add(name))
    .map((one, n) => [rank(one), n, one])
    .sort((a, b) => a[0] - b[0] || a[1] - b[1])
    .map(([, , one]) => one);
  return { word, found: found.length === 1 && found[0][0] === word ? [] : found.slice(0, MOST) };
}

// What is put into the text for a name: a function opens its parenthesis, a name with other signs goes into backticks.
function written([name, kind]) {
  if (kind === "function") return `${name}(`;
  if (kind === "command" || kind === "word") return `${name} `;
  return /^[A-Za-z_@][\w@.]*$/.test(name) ? name : `\`${name}\``;
}

let boxes = 0;

function render({ model, el }) {
  const id = `cwlab-box-${++boxes}`;
  el.classList.add("cwlab-box");
  el.dataset.lmSuppressShortcuts = "true";
  const label = element(el, "label", "widget-label", model.get("label"));
  label.htmlFor = id;
  const frame = element(el, "div", "cwlab-box-frame");
  const area = element(frame, "textarea", "");
  Object.assign(area, { id, value: model.get("value"), rows: model.get("rows"), wrap: "off", spellcheck: false });
  for (const [name, value] of Object.entries({
    autocomplete: "off", autocapitalize: "off", "aria-autocomplete": "list", "aria-haspopup": "listbox", "aria-controls": `${id}-list`,
    "aria-describedby": `${id}-help`, "aria-keyshortcuts": "Control+Enter",
  })) area.setAttribute(name, value);
  const clip = element(frame, "div", "cwlab-box-clip");
  const mark = element(clip, "div", "cwlab-box-mark");
  const list = element(frame, "ul", "cwlab-box-list");
  Object.assign(list, { id: `${id}-list`, role: "listbox", hidden: true });
  list.setAttribute("aria-label", "What can stand here");
  element(el, "div", "cwlab-box-help", "Ctrl+Enter runs it. Ctrl+Space offers what can stand here; arrow keys choose, Tab or Enter takes, Escape closes.").id = `${id}-help`;
  const told = element(el, "div", "cwlab-box-told");
  told.setAttribute("aria-live", "polite");

  let found = [], word = "", chosen = -1, measured = null, sent = null;

  function letter() {
    const style = getComputedStyle(area);
    if (!measured || measured.font !== style.font) {
      const pen = document.createElement("canvas").getContext("2d");
      pen.font = style.font;
      measured = { font: style.font, width: pen.measureText("m".repeat(50)).width / 50, line: parseFloat(style.lineHeight), left: parseFloat(style.paddingLeft), top: parseFloat(style.paddingTop) };
    }
    return measured;
  }

  function spot(at) {
    const { width, line, left, top } = letter();
    const lines = area.value.slice(0, at).split("\n");
    return { x: left + [...lines.at(-1)].length * width - area.scrollLeft, y: top + (lines.length - 1) * line - area.scrollTop };
  }

  function underline() {
    const [from, to] = model.get("mark");
    const here = from >= 0 && area.value === model.get("value");
    mark.hidden = !here;
    area.toggleAttribute("aria-invalid", false);
    if (!here) { area.removeAttribute("aria-invalid"); return; }
    area.setAttribute("aria-invalid", "true");
    const { width, line } = letter(), { x, y } = spot(from);
    const until = Math.min(to, (area.value + "\n").indexOf("\n", from));
    Object.assign(mark.style, { left: `${x}px`, top: `${y}px`, width: `${Math.max(1, until - from) * width}px`, height: `${line}px` });
  }

  function close() {
    found = [];
    chosen = -1;
    list.hidden = true;
    area.removeAttribute("aria-activedescendant");
  }

  function choose(n) {
    list.children[chosen]?.setAttribute("aria-selected", "false");
    chosen = (n + found.length) % found.length;
    const item = list.children[chosen];
    item.setAttribute("aria-selected", "true");
    area.setAttribute("aria-activedescendant", item.id);
    list.scrollTop = Math.max(Math.min(list.scrollTop, item.offsetTop), item.offsetTop + item.offsetHeight - list.clientHeight);
  }

  function open(asked) {
    const at = area.selectionStart;
    ({ word, found } = at === area.selectionEnd ? offers(model.get("words"), area.value, at) : { word: "", found: [] });
    if (!found.length || (!word && !asked)) return close();
    chosen = -1;
    list.replaceChildren();
    found.forEach(([name, kind], n) => {
      const item = element(list, "li", "");
      element(item, "span", "cwlab-box-name", name);
      element(item, "span", "cwlab-box-kind", kind);
      Object.assign(item, { id: `${id}-${n}`, role: "option" });
      item.setAttribute("aria-selected", "false");
      item.onpointerdown = (event) => { event.preventDefault(); take(n); };
    });
    list.hidden = false;
    area.removeAttribute("aria-activedescendant");
    const { x, y } = spot(at - word.length);
    list.style.left = `${Math.max(0, Math.min(x, frame.clientWidth - list.offsetWidth - 4))}px`;
    list.style.top = `${y + letter().line + 2}px`;
    told.textContent = `${found.length} suggestions, the first ${found[0][0]}`;
  }

  function take(n) {
    const at = area.selectionStart, text = written(found[n]);
    close();
    area.setRangeText(text, at - word.length, at, "end");
    underline();
  }

  // As a message, not as a changed trait: those wait while the kernel is busy, and what another control says would come first.
  function send(always) {
    if (!always && area.value === (sent ?? model.get("value"))) return;
    sent = area.value;
    model.send({ run: sent });
  }

  area.oninput = () => { open(false); underline(); };
  area.onscroll = () => { close(); underline(); };
  area.onclick = close;
  area.onblur = () => { close(); send(); };
  area.onkeydown = (event) => {
    event.stopPropagation();
    const key = event.key, plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (key === "Enter" && (event.ctrlKey || event.metaKey)) {
      close();
      send(true);
    } else if (key === " " && event.ctrlKey) open(true);
    else if (list.hidden || !plain) return;
    else if (key === "ArrowDown" || key === "ArrowUp") choose(chosen < 0 && key === "ArrowUp" ? -1 : chosen + (key === "ArrowDown" ? 1 : -1));
    else if (key === "Tab" && !event.shiftKey) take(Math.max(chosen, 0));
    else if (key === "Enter" && chosen >= 0 && !event.shiftKey) take(chosen);
    else if (key === "Escape") close();
    else {
      if (key.startsWith("Arrow") || key === "Enter") close();
      return;
    }
    event.preventDefault();
  };
  const follow = () => {
    const value = model.get("value");
    if (value !== sent && value !== area.value) { area.value = value; close(); } // what came from here may have been typed on
    sent = null;
    underline();
  };
  model.on("change:value", follow);
  model.on("change:mark", underline);
  requestAnimationFrame(underline);
  return () => {
    model.off("change:value", follow);
    model.off("change:mark", underline);
  };
}

export default { render };
