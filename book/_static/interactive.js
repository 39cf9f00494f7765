/* Figures with sliders. A <div class="interactive"> holds a picture and, as JSON, all numbers at all
   positions of the sliders (solutions/bayescnn/interactive.py computes them and says what they mean).
   Here they are drawn as SVG in the picture's place. */

"use strict";

(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const WIDTH = 640, HEIGHT = 330;                              // of the drawing, in its own units
  const MARGIN = { left: 58, right: 14, top: 14, bottom: 46 };

  function element(parent, name, attributes = {}, text = "") {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text) made.textContent = text;
    parent.append(made);
    return made;
  }

  function html(parent, name, attributes = {}, text = "") {
    const made = Object.assign(document.createElement(name), attributes);
    if (text) made.textContent = text;
    parent.append(made);
    return made;
  }

  /* The values that belong to the sliders' positions: one index for each name in `over`. */
  const at = (values, over, positions) => over.reduce((inner, name) => inner[positions[name]], values);

  /* A function from values to pixels. */
  function scale([low, high], kind, start, end) {
    const f = kind === "log" ? Math.log10 : (value) => value;
    return (value) => start + ((f(value) - f(low)) / (f(high) - f(low))) * (end - start);
  }

  /* A path through points; null interrupts it. */
  function path(points) {
    let pen = "M";
    let text = "";
    for (const [x, y] of points) {
      if (!Number.isFinite(x) || !Number.isFinite(y)) { pen = "M"; continue; }
      text += `${pen}${x.toFixed(1)},${y.toFixed(1)}`;
      pen = "L";
    }
    return text;
  }

  const isNumber = (value) => value !== null && Number.isFinite(value);

  /* Draws what can move; called again whenever a slider moves. */
  function drawSeries(group, series, positions, toX, toY, floor) {
    group.replaceChildren();
    const xs = at(series.x, series.x_over, positions);
    const ys = at(series.y, series.over, positions);
    const y2s = series.y2 && at(series.y2, series.over, positions);
    const place = (i, values) => [isNumber(xs[i]) ? toX(xs[i]) : NaN, isNumber(values[i]) ? toY(values[i]) : NaN];
    const points = xs.map((_, i) => place(i, ys));
    const width = series.size * 1.1;
    if (series.kind === "line") {
      element(group, "path", {
        d: path(points), fill: "none", stroke: series.colour, "stroke-width": width,
        "stroke-dasharray": series.dashed ? "6 4" : "none",
      });
    } else if (series.kind === "band") {
      const back = xs.map((_, i) => place(i, y2s)).reverse();
      element(group, "path", { d: path([...points, ...back]) + "Z", fill: series.colour });
    } else {
      points.forEach(([x, y], i) => {
        if (!Number.isFinite(x) || !Number.isFinite(y)) return;
        if (series.kind === "points") {
          element(group, "circle", { cx: x, cy: y, r: width / 2, fill: series.colour });
        } else if (series.kind === "bars") {
          const half = Math.abs(toX(xs[i] + 0.4) - x);
          element(group, "rect", {
            x: x - half, width: 2 * half, y: Math.min(y, floor), height: Math.abs(floor - y), fill: series.colour,
          });
        } else {
          element(group, "line", { x1: x, x2: x, y1: y, y2: place(i, y2s)[1], stroke: series.colour, "stroke-width": width });
        }
      });
    }
  }

  /* Draws a panel's axes, and gives back a function that draws its series. */
  function drawPanel(svg, panel, left, width, clipId) {
    let box = { x0: left + MARGIN.left, x1: left + width - MARGIN.right, y0: HEIGHT - MARGIN.bottom, y1: MARGIN.top };
    if (panel.equal) {
      const unit = Math.min((box.x1 - box.x0) / (panel.xlim[1] - panel.xlim[0]),
                            (box.y0 - box.y1) / (panel.ylim[1] - panel.ylim[0]));
      const spare = box.x1 - box.x0 - unit * (panel.xlim[1] - panel.xlim[0]);
      box = { ...box, x0: box.x0 + spare / 2, x1: box.x1 - spare / 2, y1: box.y0 - unit * (panel.ylim[1] - panel.ylim[0]) };
    }
    const toX = scale(panel.xlim, panel.xscale, box.x0, box.x1);
    const toY = scale(panel.ylim, panel.yscale, box.y0, box.y1);
    const clip = element(svg, "clipPath", { id: clipId });
    element(clip, "rect", { x: box.x0 - 3, y: box.y1 - 3, width: box.x1 - box.x0 + 6, height: box.y0 - box.y1 + 6 });

    const axes = element(svg, "g", { class: "axes" });
    element(axes, "path", { d: path([[box.x0, box.y1], [box.x0, box.y0], [box.x1, box.y0]]) });
    for (const [value, label] of panel.xticks) {
      element(axes, "path", { d: `M${toX(value)},${box.y0}v4` });
      element(axes, "text", { x: toX(value), y: box.y0 + 17, "text-anchor": "middle" }, label);
    }
    for (const [value, label] of panel.yticks) {
      element(axes, "path", { d: `M${box.x0},${toY(value)}h-4` });
      element(axes, "text", { x: box.x0 - 7, y: toY(value) + 4, "text-anchor": "end" }, label);
    }
    element(axes, "text", { x: (box.x0 + box.x1) / 2, y: HEIGHT - 8, "text-anchor": "middle" }, panel.xlabel);
    const turn = `translate(${box.x0 - 45},${(box.y0 + box.y1) / 2}) rotate(-90)`;
    element(axes, "text", { transform: turn, "text-anchor": "middle" }, panel.ylabel);

    const drawing = element(svg, "g", { "clip-path": `url(#${clipId})` });
    const groups = panel.series.map((series) => element(drawing, "g", { opacity: series.opacity }));
    const floor = Math.min(box.y0, panel.yscale === "linear" ? toY(Math.max(0, panel.ylim[0])) : box.y0);
    return (positions) => panel.series.forEach((series, i) => drawSeries(groups[i], series, positions, toX, toY, floor));
  }

  function drawLegend(parent, panels) {
    const named = panels.flatMap((panel) => panel.series).filter((series) => series.label);
    if (!named.length) return;
    const list = html(parent, "ul", { className: "interactive-legend" });
    for (const series of named) {
      const item = html(list, "li");
      const swatch = html(item, "span", { className: `swatch ${series.kind}${series.dashed ? " dashed" : ""}` });
      swatch.setAttribute("aria-hidden", "true");
      swatch.style.color = series.colour;
      swatch.style.opacity = Math.max(series.opacity, 0.35);
      item.append(series.label);
    }
  }

  function enhance(holder, index) {
    const data = JSON.parse(holder.querySelector("script").textContent);
    const picture = holder.querySelector("img");
    const root = html(holder, "div", { className: "interactive-figure" });
    // On a phone panels stand one below the other, so that their texts stay legible.
    const narrow = window.matchMedia("(max-width: 600px)").matches;
    const n = data.panels.length;
    const holders = narrow ? data.panels.map((panel) => [panel]) : [data.panels];
    const drawings = holders.flatMap((panels, row) => {
      const total = narrow && n > 1 ? WIDTH * 0.7 : narrow ? WIDTH * 0.8 : WIDTH;
      const svg = element(root, "svg", { viewBox: `0 0 ${total} ${HEIGHT}`, role: "img", "aria-label": picture.alt });
      return panels.map((panel, i) =>
        drawPanel(svg, panel, (i * total) / panels.length, total / panels.length, `clip-${index}-${row}-${i}`));
    });
    drawLegend(root, data.panels);

    const positions = Object.fromEntries(data.sliders.map((slider) => [slider.name, slider.start]));
    const controls = html(root, "div", { className: "interactive-controls" });
    const words = html(root, "p", { className: "interactive-words" });
    words.setAttribute("aria-live", "polite");
    const redraw = () => {
      drawings.forEach((draw) => draw(positions));
      words.textContent = at(data.texts, data.text_over, positions);
    };
    for (const slider of data.sliders) {
      const id = `slider-${index}-${slider.name}`;
      const row = html(controls, "div", { className: "interactive-slider" });
      html(row, "label", { htmlFor: id }, slider.label);
      const input = html(row, "input", { type: "range", id, min: 0, max: slider.positions.length - 1, step: 1 });
      input.value = slider.start;
      const shown = html(row, "output", { htmlFor: id });
      const show = () => {
        positions[slider.name] = Number(input.value);
        shown.textContent = slider.positions[positions[slider.name]];
        input.setAttribute("aria-valuetext", shown.textContent);
      };
      input.addEventListener("input", () => { show(); redraw(); });
      show();
    }
    redraw();
    picture.remove();
  }

  const start = () => document.querySelectorAll("div.interactive").forEach(enhance);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
