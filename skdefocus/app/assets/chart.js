// The histogram of sigma, with the curve or the threshold that is set drawn over it.

const WIDTH = 336, LEFT = 26, RIGHT = 8, TOP = 8, BOTTOM = 106
const NAMESPACE = "http://www.w3.org/2000/svg"

function element(name, attributes, text) {
  const made = document.createElementNS(NAMESPACE, name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  if (text !== undefined) made.textContent = text
  return made
}

function ticks(axis) {
  const step = [1, 2, 5, 10, 20, 50].find((size) => axis / size <= 9) ?? 100
  return Array.from({ length: Math.floor(axis / step) + 1 }, (_, i) => i * step)
}

// histogram: shares; axis: sigma at its end; curve: values at equal steps, or null;
// top: value at the upper edge; marks: sigmas of vertical lines; from: sigma from which
// bars count as out of focus, or null.
export function drawChart(svg, { histogram, axis, curve, top, marks, from }) {
  const place = (sigma) => LEFT + (sigma / axis) * (WIDTH - LEFT - RIGHT)
  const parts = []
  const highest = Math.max(...histogram)
  const width = axis / histogram.length
  for (const out of [false, true]) {
    let path = ""
    histogram.forEach((share, i) => {
      if ((from !== null && (i + 0.5) * width >= from) !== out || share <= 0) return
      // The root keeps small shares visible beside the tallest.
      const y = BOTTOM - Math.sqrt(share / highest) * (BOTTOM - TOP)
      const [x0, x1] = [place(i * width), place((i + 1) * width)]
      path += `M${x0.toFixed(1)} ${BOTTOM}V${y.toFixed(1)}H${x1.toFixed(1)}V${BOTTOM}Z`
    })
    parts.push(element("path", { d: path, class: out ? "bars out" : "bars" }))
  }
  parts.push(element("path", { d: `M${LEFT} ${BOTTOM}H${WIDTH - RIGHT}`, class: "axis" }))
  for (const sigma of ticks(axis)) {
    const x = place(sigma)
    parts.push(element("path", { d: `M${x} ${BOTTOM}v4`, class: "axis" }))
    parts.push(element("text", { x, y: BOTTOM + 16, "text-anchor": "middle" }, sigma))
  }
  for (const sigma of marks) {
    if (sigma > axis) continue
    parts.push(element("path", { d: `M${place(sigma)} ${TOP}V${BOTTOM}`, class: "mark" }))
  }
  if (curve) {
    const points = curve.map((value, i) => {
      const x = place((i / (curve.length - 1)) * axis)
      return `${x.toFixed(1)} ${(BOTTOM - (value / top) * (BOTTOM - TOP)).toFixed(1)}`
    })
    parts.push(element("path", { d: `M${points.join("L")}`, class: "curve" }))
    for (const value of [0, top]) {
      const y = BOTTOM - (value / top) * (BOTTOM - TOP) + 4
      parts.push(element("text", { x: LEFT - 5, y, "text-anchor": "end" }, value))
    }
  }
  svg.replaceChildren(...parts)
}
