"use strict";
(function () {
  const plots = Array.from(document.querySelectorAll(".plot"));
  const timed = [];
  let syncing = false;

  const paper = { "--ink": "#000000", "--paper": "#ffffff", "--grid": "rgba(0,0,0,.18)" };  // when printing
  let printing = false;

  function colour(name) {
    return printing ? paper[name] : getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  // what follows the page's colours: everything that is not data
  function themed(layout) {
    const out = Object.assign({}, layout, { paper_bgcolor: "rgba(0,0,0,0)", autosize: true });
    const ink = colour("--ink"), grid = colour("--grid"), back = colour("--paper");
    out.font = Object.assign({}, layout.font, { color: ink });
    out.hoverlabel = Object.assign({}, layout.hoverlabel, { bgcolor: back, bordercolor: ink, font: { color: ink } });
    for (const key of Object.keys(layout)) {
      if (/^[xy]axis\d*$/.test(key)) {
        out[key] = Object.assign({}, layout[key], { linecolor: ink, tickcolor: ink, zerolinecolor: grid });
        if (layout[key].gridcolor) { out[key].gridcolor = grid; }
      }
    }
    out.annotations = (layout.annotations || []).map(function (a) {
      return a.bgcolor ? Object.assign({}, a, { bgcolor: back }) : a;
    });
    return out;
  }

  function spec(div) { return JSON.parse(div.parentElement.querySelector("script").textContent); }

  // one time axis for the whole report: zooming one figure zooms all
  function follow(div) {
    timed.push(div);
    div.on("plotly_relayout", function (change) {
      if (syncing) { return; }
      const key = Object.keys(change).find(function (k) { return /^xaxis\d*\.(range|autorange)/.test(k); });
      if (!key) { return; }
      const range = div.layout.xaxis.range, start = spec(div).layout.xaxis.range;
      syncing = true;
      Promise.all(timed.map(function (other) {
        const to = key.endsWith("autorange") ? start : range;
        const axes = Object.keys(other.layout).filter(function (k) { return /^xaxis\d*$/.test(k); });
        const update = {};
        axes.forEach(function (a) { update[a + ".range"] = to.slice(); });
        return window.Plotly.relayout(other, update);
      })).finally(function () { syncing = false; });
    });
  }

  function draw(div) {
    if (div.dataset.drawn) { return; }
    div.dataset.drawn = "yes";
    const figure = spec(div);
    const config = { displaylogo: false, responsive: true, modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"] };
    window.Plotly.newPlot(div, figure.data, themed(figure.layout), config).then(function () {
      if (figure.layout.xaxis && figure.layout.xaxis.type === "date") { follow(div); }
    });
  }

  function drawAll() { plots.forEach(draw); }

  function recolour() {
    plots.filter(function (d) { return d.dataset.drawn; }).forEach(function (div) {
      const layout = themed(div.layout);
      window.Plotly.react(div, div.data, layout);
    });
  }

  const seen = new IntersectionObserver(function (entries) {
    entries.forEach(function (e) { if (e.isIntersecting) { seen.unobserve(e.target); draw(e.target); } });
  }, { rootMargin: "800px" });
  plots.forEach(function (div) { seen.observe(div); });

  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", recolour);
  window.addEventListener("beforeprint", function () {
    printing = true;
    drawAll();
    document.querySelectorAll("details").forEach(function (d) { d.dataset.was = d.open ? "open" : ""; d.open = true; });
    plots.forEach(function (div) { window.Plotly.relayout(div, { width: 700 }); });
    recolour();
  });
  window.addEventListener("afterprint", function () {
    printing = false;
    document.querySelectorAll("details").forEach(function (d) { d.open = d.dataset.was === "open"; });
    plots.forEach(function (div) { window.Plotly.relayout(div, { width: null, autosize: true }); });
    recolour();
  });

  // a link to a finding opens it
  function open() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") { target.open = true; }
    const fold = target && target.closest("details");
    if (fold) { fold.open = true; }
  }
  window.addEventListener("hashchange", open);
  open();
})();
