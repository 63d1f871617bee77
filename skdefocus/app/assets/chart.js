// The histogram of sigma, with the curve or the threshold that is set drawn over it.

const WIDTH = 336, LEFT = 26, RIGHT = 8, TOP = 8, BOTTOM = 106
const NAMESPACE = "http://www.w3.org/2000/svg"

function element(name, attributes, text) {
  const made = document.createElementNS(NAMESPACE, name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  if (text !== undefined) made.textContent = text
  return made
}

const TICKS = [0, 1, 2, 4, 8, 16, 32, 64, 128]

// Where along the axis, from 0 to 1, a sigma lies; scale: sigma at equal steps along it.
function position(sigma, scale) {
  const next = scale.findIndex((value) => value >= sigma)
  if (next < 0) return 1
  if (next === 0) return 0
  const share = (sigma - scale[next - 1]) / (scale[next] - scale[next - 1])
  return (next - 1 + share) / (scale.length - 1)
}

// histogram: shares, and curve: values or null, both at equal steps along the axis;
// top: value at the upper edge; marks: sigmas of vertical lines; from: sigma from which
// bars count as out of focus, or null.
export function drawChart(svg, { histogram, scale, curve, top, marks, from }) {
  const along = (share) => LEFT + share * (WIDTH - LEFT - RIGHT)
  const place = (sigma) => along(position(sigma, scale))
  const axis = scale[scale.length - 1]
  const parts = []
  const highest = Math.max(...histogram)
  const count = histogram.length
  const outside = from === null ? Infinity : position(from, scale) * count
  for (const out of [false, true]) {
    let path = ""
    histogram.forEach((share, i) => {
      if (i + 0.5 >= outside !== out || share <= 0) return
      // The root keeps small shares visible beside the tallest.
      const y = BOTTOM - Math.sqrt(share / highest) * (BOTTOM - TOP)
      const [x0, x1] = [along(i / count), along((i + 1) / count)]
      path += `M${x0.toFixed(1)} ${BOTTOM}V${y.toFixed(1)}H${x1.toFixed(1)}V${BOTTOM}Z`
    })
    parts.push(element("path", { d: path, class: out ? "bars out" : "bars" }))
  }
  parts.push(element("path", { d: `M${LEFT} ${BOTTOM}H${WIDTH - RIGHT}`, class: "axis" }))
  for (const sigma of TICKS.filter((value) => value <= axis)) {
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
      const x = along(i / (curve.length - 1))
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
