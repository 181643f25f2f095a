// A panel's picture: one live Vega view whose rows are swapped, and under it the reason, the numbers and the calls.
// Vega itself comes from the kernel once (the model "library") and is kept once per page.

const CACHE = Symbol.for("cwlab.vega");

async function loadVega(model) {
  const library = await model.widget_manager.get_model(model.get("library").replace("IPY_MODEL_", ""));
  const version = library.get("version");
  const cache = (globalThis[CACHE] ??= new Map());
  if (!cache.has(version)) cache.set(version, importGzip(library.get("source")));
  return cache.get(version);
}

async function importGzip(source) {
  const stream = new Blob([source]).stream().pipeThrough(new DecompressionStream("gzip"));
  const text = await new Response(stream).blob();
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    return await import(/* webpackIgnore: true */ url);
  } finally {
    URL.revokeObjectURL(url);
  }
}

function element(parent, tag, className, text) {
  const e = document.createElement(tag);
  e.className = className;
  if (text !== undefined) e.textContent = text;
  parent.append(e);
  return e;
}

function fold(parent, className, label) {
  const details = element(parent, "details", className);
  const summary = element(details, "summary", "", label);
  return { details, summary };
}

// Texts in folds of their own; while their labels stay, so do the folds, open or closed.
function fillFolds(parent, folds) {
  if (parent.children.length !== folds.length || folds.some(([label], n) => parent.children[n].firstChild.textContent !== label)) {
    parent.replaceChildren();
    for (const [label] of folds) element(fold(parent, "cwlab-more", label).details, "pre", "").tabIndex = 0;
  }
  folds.forEach(([, text], n) => (parent.children[n].lastChild.textContent = text));
}

function fillTable(table, { columns, rows, more }) {
  const head = document.createElement("tr");
  for (const c of columns) element(head, "th", "", c).scope = "col";
  const body = rows.map((row) => {
    const tr = document.createElement("tr");
    for (const value of row) element(tr, "td", typeof value === "number" ? "number" : "", value ?? "–");
    return tr;
  });
  table.replaceChildren(head, ...body);
  if (more) table.append(Object.assign(document.createElement("caption"), { textContent: more }));
}

// Sliders and play buttons of ipywidgets have no name for a screen reader; what is visible becomes it. In a drop-down
// the arrow keys choose, rather than move JupyterLab to the next cell.
function nameControls(panel) {
  for (const select of panel?.querySelectorAll("select") ?? []) select.setAttribute("data-lm-suppress-shortcuts", "true");
  for (const button of panel?.querySelectorAll(".widget-play button") ?? []) {
    const icon = button.querySelector("i")?.className ?? "";
    const name = icon.includes("fa-pause") ? "Pause" : icon.includes("fa-stop") ? "Stop" : "Play";
    button.setAttribute("aria-label", name);
  }
  for (const slider of panel?.querySelectorAll(".widget-slider") ?? []) {
    const label = slider.querySelector(".widget-label")?.textContent ?? "";
    const readout = slider.querySelector(".widget-readout")?.textContent ?? "";
    for (const handle of slider.querySelectorAll(".noUi-handle")) {
      handle.setAttribute("aria-label", label);
      handle.setAttribute("aria-valuetext", readout);
    }
  }
}

function render({ model, el }) {
  el.classList.add("cwlab-live");
  const chart = element(el, "div", "cwlab-chart");
  chart.style.height = `${model.get("height")}px`;
  const why = element(el, "p", "cwlab-why");
  why.setAttribute("aria-live", "polite");
  const note = element(el, "pre", "cwlab-note");
  note.tabIndex = 0;
  const calls = fold(el, "cwlab-calls", "The calls");
  calls.details.open = true;
  const copy = element(calls.details, "button", "cwlab-copy jupyter-button", "Copy");
  const code = element(calls.details, "pre", "");
  code.tabIndex = 0;
  const numbers = fold(el, "cwlab-numbers", "The numbers");
  const table = element(numbers.details, "table", "");
  const more = element(el, "div", "");
  copy.onclick = async () => {
    await navigator.clipboard.writeText(code.textContent);
    copy.textContent = "Copied";
    setTimeout(() => (copy.textContent = "Copy"), 1500);
  };

  let result = null; // what vegaEmbed returned
  let shown = null; // the drawing it shows
  let busy = false, again = false, gone = false;

  function words(frame) {
    chart.setAttribute("aria-label", frame.label);
    why.textContent = frame.why;
    why.classList.toggle("cwlab-error", frame.error);
    note.textContent = frame.note ?? "";
    note.hidden = frame.note == null;
    code.textContent = frame.calls;
    calls.details.hidden = !frame.calls;
    numbers.details.hidden = !frame.table.columns.length;
    if (numbers.details.open) fillTable(table, frame.table);
    fillFolds(more, frame.folds ?? []);
  }

  async function picture(frame) {
    const { embed } = await loadVega(model);
    if (result && frame.drawing === shown) {
      for (const [name, value] of Object.entries(frame.words)) result.view.signal(name, value);
      for (const [name, rows] of Object.entries(frame.rows)) result.view.data(name, rows.map((row) => ({ ...row })));
      await result.view.runAsync();
      return;
    }
    result?.finalize();
    result = null;
    const spec = structuredClone(model.get("spec"));
    spec.datasets = { ...spec.datasets, ...structuredClone(frame.rows) };
    spec.params = (spec.params ?? []).map((p) => (p.name in frame.words ? { ...p, value: frame.words[p.name] } : p));
    spec.description = frame.label;
    result = await embed(chart, spec, { renderer: "svg", actions: false });
    shown = frame.drawing;
    // A drawing higher than its panel reckoned with: grow now, rather than cut it off.
    const needed = Math.ceil(chart.querySelector("svg").getBoundingClientRect().height) + 4;
    if (needed > chart.clientHeight) chart.style.height = `${needed}px`;
  }

  async function draw() {
    if (busy) { again = true; return; }
    busy = true;
    do {
      again = false;
      const frame = model.get("frame");
      if (frame.n === undefined || gone) break;
      words(frame);
      try {
        await picture(frame);
      } catch (error) {
        chart.textContent = `This chart could not be drawn (${error}). The numbers and the calls below still hold.`;
        result = shown = null;
        console.error(error);
      }
      await new Promise(requestAnimationFrame);
      nameControls(el.closest(".cwlab-panel"));
      el.dataset.frame = frame.n;
      model.send({ painted: frame.n });
    } while (again);
    busy = false;
  }

  numbers.details.ontoggle = () => numbers.details.open && fillTable(table, model.get("frame").table);
  model.on("change:frame", draw);
  draw();
  return () => {
    gone = true;
    model.off("change:frame", draw);
    result?.finalize();
  };
}

export default { render };
