"use strict";
// Draws the charts of a qtg report. Data and plotly.js lie packed in the page itself.
(async () => {
  const root = document.documentElement;
  const unpack = async (id) => {
    const bytes = Uint8Array.from(atob(document.getElementById(id).textContent.trim()), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  };
  const plots = [...document.querySelectorAll(".plot")];
  const say = (plot, text) => {
    if (window.Plotly) Plotly.purge(plot);
    plot.replaceChildren(document.createTextNode(text));
    plot.classList.add("without");
    plot.drawn = plot.linked = false;
  };
  if (!("DecompressionStream" in window)) {
    plots.forEach((plot) => say(plot, "This browser is too old to draw the charts; the tables above are complete."));
    return;
  }
  const report = JSON.parse(await unpack("report-data"));
  const script = document.createElement("script");
  script.textContent = await unpack("plotly-source");
  document.head.append(script);

  const state = { symbol: report.symbols[0] || "", range: null, view: {} };

  // --- colours: "$name" and "$name/opacity" are looked up in the style sheet
  const colour = (token) => {
    const [name, opacity] = token.slice(1).split("/");
    const hex = getComputedStyle(root).getPropertyValue("--" + name).trim();
    if (!opacity) return hex;
    const part = (at) => parseInt(hex.slice(at, at + 2), 16);
    return `rgba(${part(1)},${part(3)},${part(5)},${opacity})`;
  };
  const coloured = (value) => {
    if (typeof value === "string") return value.startsWith("$") ? colour(value) : value;
    if (Array.isArray(value)) return typeof value[0] === "number" ? value : value.map(coloured);
    if (value && typeof value === "object")
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, coloured(inner)]));
    return value;
  };

  // --- what all charts have in common
  const axisStyle = (axis) => ({
    gridcolor: colour("$grid"), linecolor: colour("$rule"), zerolinecolor: colour("$grey/0.55"),
    ticks: "outside", ticklen: 4, tickcolor: colour("$rule"), automargin: true, ...axis,
    title: { ...(axis.title || {}), font: { size: 12.5, color: colour("$soft") }, standoff: 8 },
  });
  const warmup = () => ({
    type: "rect", layer: "below", line: { width: 0 }, fillcolor: colour("$grey/0.13"),
    yref: "paper", y0: 0, y1: 1, x0: report.warmup[0], x1: report.warmup[1],
  });
  const warmupName = () => ({
    text: "warm-up", showarrow: false, x: report.warmup[0], yref: "paper", y: 1, xanchor: "left",
    yanchor: "top", bgcolor: colour("$surface/0.7"), font: { size: 11, color: colour("$soft") },
  });
  const onTicks = (layout) => Boolean(layout.xaxis?.tick_axis);
  const styled = (layout) => {
    const full = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", autosize: true,
      margin: { l: 62, r: 14, t: 34, b: 44 },
      font: { family: getComputedStyle(document.body).fontFamily, size: 12.5, color: colour("$text") },
      legend: { orientation: "h", x: 0, y: 1, xanchor: "left", yanchor: "bottom", bgcolor: "rgba(0,0,0,0)", traceorder: "normal" },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("$grey/0.6"), activecolor: colour("$accent") },
      hoverlabel: { bgcolor: colour("$surface"), bordercolor: colour("$rule"), font: { color: colour("$text"), size: 12.5 } },
      ...layout,
    };
    for (const name of Object.keys(full)) if (/^[xy]axis/.test(name)) full[name] = axisStyle(full[name]);
    if (onTicks(layout) && report.warmup) {
      full.shapes = [...(full.shapes || []), warmup()];
      full.annotations = [...(full.annotations || []), warmupName()];
    }
    if (onTicks(layout) && state.range) full.xaxis = { ...full.xaxis, range: [...state.range], autorange: false };
    return full;
  };
  const highlighted = (data) => {
    const mine = (trace) => trace.symbol === state.symbol;
    if (!data.some((trace) => trace.symbol)) return data;
    const lines = data.map((trace) =>
      mine(trace) ? { ...trace, line: { color: colour("$accent"), width: 2.4 } } : { ...trace, line: { ...trace.line, width: 1.1 } });
    return lines.sort((a, b) => mine(a) - mine(b));
  };

  // --- drawing
  const chosen = (chart) => {
    const views = Object.keys(chart.views);
    const view = chart.views[views.includes(state.view[chart.key]) ? state.view[chart.key] : views[0]];
    return view[state.symbol] || view[""] || { missing: `Nothing is known of ${state.symbol} here.` };
  };
  const draw = (plot) => {
    const chart = report.charts[plot.dataset.chart];
    const card = plot.closest(".card");
    const figure = chosen(chart);
    const name = card.querySelector("h3 b");
    if (name) name.textContent = chart.per_symbol ? state.symbol : "";
    card.querySelector(".note").textContent = figure.note || "";
    if (figure.missing) return say(plot, figure.missing);
    if (plot.classList.contains("without")) { plot.replaceChildren(); plot.classList.remove("without"); }
    const first = !plot.drawn;
    plot.drawn = true;
    Plotly.react(plot, highlighted(coloured(figure.data)), styled(coloured(figure.layout)),
      { responsive: true, displaylogo: false, modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]] });
    plot.linked = onTicks(figure.layout);
    if (first) link(plot);
    if (first && chart.key === "overview")
      plot.on("plotly_click", (event) => choose(event.points[0].data.symbol));
  };
  const link = (plot) => plot.on("plotly_relayout", (change) => {
    if (!plot.linked) return;
    const from = change["xaxis.range[0]"] ?? change["xaxis.range"]?.[0];
    const to = change["xaxis.range[1]"] ?? change["xaxis.range"]?.[1];
    if (from === undefined && !change["xaxis.autorange"]) return;
    const range = from === undefined ? null : [from, to];
    if (JSON.stringify(range) === JSON.stringify(state.range)) return;
    state.range = range;
    for (const other of plots)
      if (other !== plot && other.linked)
        Plotly.relayout(other, range ? { "xaxis.range": [...range] } : { "xaxis.autorange": true });
  });
  const pending = new Set(plots);
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries)
      if (entry.isIntersecting) { seen.unobserve(entry.target); pending.delete(entry.target); draw(entry.target); }
  }, { rootMargin: "500px" });
  const redraw = (which) => plots.filter((plot) => !pending.has(plot) && which(report.charts[plot.dataset.chart])).forEach(draw);

  // --- controls
  const select = document.getElementById("symbol");
  const choose = (symbol) => {
    if (!report.symbols.includes(symbol)) return;
    state.symbol = symbol;
    if (select) select.value = symbol;
    for (const row of document.querySelectorAll("tr[data-symbol]"))
      row.classList.toggle("chosen", row.dataset.symbol === symbol);
    redraw((chart) => chart.per_symbol || chart.key === "overview");
  };
  if (select) select.addEventListener("change", () => choose(select.value));
  for (const row of document.querySelectorAll("tr.pick")) {
    row.addEventListener("click", () => choose(row.dataset.symbol));
    row.addEventListener("keydown", (event) => { if (event.key === "Enter") choose(row.dataset.symbol); });
  }
  for (const button of document.querySelectorAll(".views button"))
    button.addEventListener("click", () => {
      const plot = button.closest(".card").querySelector(".plot");
      state.view[plot.dataset.chart] = button.textContent;
      for (const one of button.parentNode.children) one.setAttribute("aria-pressed", one === button);
      draw(plot);
    });
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const show = (theme) => { root.dataset.theme = theme; redraw(() => true); };
  dark.addEventListener("change", () => show(dark.matches ? "dark" : "light"));
  document.getElementById("theme").addEventListener("click", () =>
    show(root.dataset.theme === "dark" ? "light" : "dark"));
  window.addEventListener("beforeprint", () => { for (const plot of pending) draw(plot); pending.clear(); });

  choose(state.symbol);
  plots.forEach((plot) => seen.observe(plot));
})();
