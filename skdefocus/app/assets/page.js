// Wires the page's controls to its session on the server.

import { drawChart } from "./chart.js"
import { makeStage } from "./stage.js"

const find = (id) => document.getElementById(id)
const PRODUCT_OF = { map: "sigma", mask: "mask", sharpen: "sharpened", shallow: "shallow" }
const TITLES = {
  mask: "Photograph with what is out of focus dimmed",
  sharpen: "Sharpened photograph",
  shallow: "Photograph with shallow focus",
}
// Pixels of sigma in which beta1 and beta2 are shares; least distance of c0 and c1.
const BLUR_SCALE = 19, LEAST_DISTANCE = 0.5
const MOST_BYTES = 1_300_000_000

export function start(model) {
  const tool = find("tool"), controls = find("controls"), product = find("product")
  const sliders = [...document.querySelectorAll("input[data-setting]")]
  const state = { opened: null, first: null, settings: {}, answer: null, number: 0 }
  // One question at a time: what moves meanwhile is asked for when the answer is here.
  let asked = null, waiting = false

  const view = () => controls.elements.view.value
  const say = (text) => { find("status").textContent = text }
  const complain = (text) => { find("problem").textContent = text }
  const busy = (is) => {
    tool.classList.toggle("busy", is)
    find("export").disabled = is
  }
  const stage = makeStage(({ x, y }) => {
    if (view() === "shallow") ask({ kind: "focus", x, y })
    else model.send_msg({ kind: "probe", x, y })
  })

  function ask(message) {
    if (!state.opened) return
    if (asked) {
      waiting = message.kind === "focus" ? message : waiting || true
      return
    }
    asked = { number: ++state.number, since: performance.now() }
    const values = message.kind === "settings" ? { values: state.settings } : {}
    model.send_msg({
      ...message, ...values, number: asked.number, view: view(), product: product.value,
    })
  }
  const askSettings = () => ask({ kind: "settings" })
  function answered() {
    asked = null
    const next = waiting
    waiting = false
    if (next) ask(next === true ? { kind: "settings" } : next)
  }

  function format(slider) {
    // A click may have set what lies between two steps of the slider.
    const value = state.settings[slider.dataset.setting] ?? slider.valueAsNumber
    const output = find(`${slider.id}-value`), unit = output.dataset.unit
    const decimals = Number(slider.dataset.decimals ?? 0)
    let text = value.toFixed(decimals)
    if (unit === "beta") text += ` = ${(value * BLUR_SCALE).toFixed(1)} px`
    else if (unit === "%") text += " %"
    else if (unit) text += ` ${unit}`
    output.textContent = text
    slider.setAttribute("aria-valuetext", text)
  }
  function put(settings) {
    state.settings = { ...settings }
    for (const slider of sliders) {
      slider.value = settings[slider.dataset.setting]
      format(slider)
    }
  }

  // Of two values that must keep their order, the one that is moved pushes the other.
  function keepOrder(moved) {
    const s = state.settings
    const push = (low, high, distance) => {
      if (moved === low) s[high] = Math.max(s[high], s[low] + distance)
      if (moved === high) s[low] = Math.min(s[low], s[high] - distance)
    }
    push("beta1", "beta2", 0)
    push("c0", "c1", LEAST_DISTANCE)
    if (s.c0 < 0) Object.assign(s, { c0: 0, c1: Math.max(s.c1, LEAST_DISTANCE) })
  }
  for (const slider of sliders) {
    slider.addEventListener("input", () => {
      const name = slider.dataset.setting
      state.settings[name] = slider.valueAsNumber
      keepOrder(name)
      put(state.settings)
      askSettings()
    })
  }

  function showLayer() {
    const layer = controls.elements.layer.value
    find("confidence-bar").hidden = layer !== "confidence"
    find("map-bar").hidden = layer !== "map"
    format(find("opacity"))
    return layer
  }
  async function show() {
    const name = view(), opened = state.opened
    tool.dataset.view = name
    const layer = showLayer()
    const divided = name === "sharpen" || name === "shallow"
    if (name === "map") {
      await stage.setImage("shown", opened.photograph, `Photograph ${opened.name}`)
      if (layer !== "none") {
        const text = layer === "map" ? "Blur map in colors, hatched where unknown" : "Confidence of the map"
        await stage.setImage("layer", opened[layer], `${text}, laid over the photograph`)
      }
      if (view() !== "map") return
    }
    stage.show({
      result: name,
      divided,
      layer: name === "map" && layer !== "none",
      opacity: find("opacity").value / 100,
    })
    drawState()
  }

  function drawState() {
    const { opened, answer, settings } = state
    const name = view()
    const mine = answer && answer.view === name ? answer : null
    const parts = {
      histogram: opened.histogram, scale: opened.scale, curve: mine?.curve ?? null,
      top: name === "sharpen" ? Math.max(settings.gain, 0.5) : 1, marks: [], from: null,
    }
    let text = `How many pixels have which sigma of blur, from 0 to ${opened.axis} px`
    let caption = "Histogram of sigma, px"
    if (name === "mask" && mine) {
      parts.from = mine.from_sigma
      parts.marks = [mine.from_sigma]
      const at = mine.from_sigma.toFixed(2)
      text += `; out of focus from ${at} px`
      caption += `, out of focus from ${at} px`
      find("mask-note").textContent =
        `${(mine.share * 100).toFixed(0)} % of the photograph is out of focus.`
    } else if (name === "sharpen") {
      text += `, and the gain: up to ${settings.gain} between `
        + `${(settings.beta1 * BLUR_SCALE).toFixed(1)} and `
        + `${(settings.beta2 * BLUR_SCALE).toFixed(1)} px`
      caption += ", and the gain in every pixel"
    } else if (name === "shallow") {
      parts.marks = [settings.c0, settings.c1]
      text += `, and the share that stays: all up to ${settings.c0.toFixed(2)} px, `
        + `nothing from ${settings.c1.toFixed(2)} px`
      caption += ", and the share of the photograph that stays"
    }
    find("chart").setAttribute("aria-label", text)
    find("chart-caption").textContent = caption
    drawChart(find("chart"), parts)
  }

  for (const radio of controls.elements.view) {
    radio.addEventListener("change", () => {
      // The controls change at once, the picture when it is here.
      tool.dataset.view = view()
      product.value = PRODUCT_OF[view()]
      if (view() === "map") show()
      askSettings()
    })
  }
  for (const radio of controls.elements.layer) radio.addEventListener("change", show)
  find("opacity").addEventListener("input", () => {
    format(find("opacity"))
    find("stage").style.setProperty("--opacity", find("opacity").value / 100)
  })
  product.addEventListener("change", askSettings)
  find("reset").addEventListener("click", () => {
    put(state.first)
    askSettings()
    say("All settings are as at first.")
  })
  find("export").addEventListener("click", () => {
    complain("")
    model.send_msg({ kind: "export", product: product.value })
  })
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(find(button.dataset.copy).textContent)
        say("Copied.")
      } catch {
        say("The browser does not let the page copy; select the text instead.")
      }
    })
  }
  controls.addEventListener("submit", (event) => event.preventDefault())

  function open(message) {
    complain("")
    busy(true)
    model.send_msg({ kind: "open", ...message })
  }
  async function upload(file) {
    if (!file) return
    complain("")
    if (file.size > MOST_BYTES) {
      complain(`${file.name} is larger than 1.3 GB, the most that the page takes.`)
      return
    }
    busy(true)
    say(`Reading ${file.name}.`)
    try {
      const answer = await fetch(`/upload/${model.token}`, {
        method: "POST", body: file, headers: { "X-File-Name": encodeURIComponent(file.name) },
      })
      if (!answer.ok) throw new Error(answer.status)
    } catch {
      busy(false)
      say("")
      complain(`${file.name} could not be handed to skdefocus; reload the page and try again.`)
    }
  }
  find("sample").addEventListener("click", () => open({ source: "sample" }))
  find("file").addEventListener("change", () => {
    upload(find("file").files[0])
    find("file").value = ""
  })
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      event.preventDefault()
      find("stage").classList.toggle("over", kind === "dragover")
      if (kind === "drop") upload(event.dataTransfer.files[0])
    })
  }

  const answers = {
    working({ text }) { busy(true); say(text) },
    problem({ text, number }) {
      busy(false)
      say("")
      complain(text)
      if (asked && number === asked.number) answered()
    },
    async opened(message) {
      state.opened = message
      state.first = message.settings
      state.answer = null
      asked = null
      waiting = false
      for (const name of ["threshold", "c0", "c1"]) find(name).max = message.axis
      find("c1").max = Math.ceil(Math.max(message.axis, message.settings.c1))
      find("c0").max = find("c1").max - LEAST_DISTANCE
      find("threshold").max = Math.min(message.axis, 8)
      for (const name of ["c0", "c1"]) {
        find(name).step = message.axis <= 10 ? 0.01 : message.axis <= 40 ? 0.05 : 0.1
      }
      put(message.settings)
      const size = (message.width * message.height) / 1e6
      find("facts").textContent = `${message.name}, ${message.width} x ${message.height}`
        + ` (${size.toFixed(1)} megapixels), ${message.bits} bit`
      stage.open(message.width, message.height)
      await stage.setImage("before", message.photograph, "Photograph before")
      controls.hidden = false
      busy(false)
      say(["The map is done.", ...message.notes].join(" "))
      product.value = PRODUCT_OF[view()]
      if (view() === "map") await show()
      askSettings()
    },
    async picture(message) {
      if (!asked || message.number !== asked.number) return
      const since = asked.since
      // While more is waiting the person's sliders are ahead of the answer.
      if (!waiting) put(message.settings)
      if (message.focused !== undefined) {
        say(`In focus up to ${message.focused.toFixed(2)} px, the sigma there.`)
      }
      state.answer = message
      find("python").textContent = message.python
      find("command").textContent = message.command
      if (message.image && message.view === view()) {
        await stage.setImage("shown", message.image, TITLES[message.view])
        await show()
      } else if (state.opened) drawState()
      tool.dataset.latency = Math.round(performance.now() - since)
      tool.dataset.number = message.number
      if (asked?.number === message.number) answered()
    },
    probed({ sigma, confidence, unknown }) {
      say(`Here sigma is ${sigma.toFixed(2)} px, with confidence ${confidence.toFixed(2)}`
        + `${unknown ? ": unknown, a guess" : ""}.`)
    },
    exported({ file, name }) {
      busy(false)
      const link = document.createElement("a")
      link.href = `/export/${model.token}/${file}`
      link.download = name
      link.click()
      say(`${name} is exported.`)
    },
  }
  model.on("msg:custom", (message) => answers[message.kind]?.(message))
  for (const document of window.Bokeh.documents) {
    document.on_event("connection_lost", () => {
      find("export").disabled = true
      say("")
      complain("skdefocus does not answer any more; start it again and reload the page.")
    })
    document.on_event("client_reconnected", () => {
      find("export").disabled = false
      complain("")
    })
  }
  tool.dataset.ready = "yes"
  if (model.given) open({ source: "given" })
}
