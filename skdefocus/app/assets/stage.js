// The picture: photograph, layer or result, the divider, and the point that is pointed at.

const find = (id) => document.getElementById(id)

export function makeStage(onPick) {
  const stage = find("stage"), pick = find("pick"), cross = find("cross")
  const split = find("split"), divider = find("divider")
  const addresses = {}, loading = {}
  let point = { x: 0.5, y: 0.5 }

  function setImage(id, bytes, text) {
    const image = find(id)
    // A picture that is overtaken while it loads counts as done.
    loading[id]?.()
    const old = addresses[id]
    addresses[id] = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }))
    image.alt = text
    return new Promise((resolve) => {
      const done = () => {
        if (loading[id] === done) delete loading[id]
        if (old) URL.revokeObjectURL(old)
        resolve()
      }
      loading[id] = done
      image.onload = done
      image.onerror = done
      image.src = addresses[id]
    })
  }

  function moveSplit(value) {
    split.value = Math.min(100, Math.max(0, value))
    stage.style.setProperty("--split", `${split.value}%`)
    split.setAttribute("aria-valuetext", `${Math.round(split.value)} percent before`)
  }
  split.addEventListener("input", () => moveSplit(split.valueAsNumber))
  divider.addEventListener("pointerdown", (event) => {
    divider.setPointerCapture(event.pointerId)
    split.focus({ preventScroll: true })
    event.preventDefault()
  })
  divider.addEventListener("pointermove", (event) => {
    if (!divider.hasPointerCapture(event.pointerId)) return
    const box = stage.getBoundingClientRect()
    moveSplit(((event.clientX - box.left) / box.width) * 100)
  })
  moveSplit(50)

  function showCross() {
    cross.hidden = false
    cross.style.left = `${point.x * 100}%`
    cross.style.top = `${point.y * 100}%`
  }
  pick.addEventListener("click", (event) => {
    const box = pick.getBoundingClientRect()
    const share = (at, from, size) => Math.min(1, Math.max(0, (at - from) / size))
    point = {
      x: share(event.clientX, box.left, box.width),
      y: share(event.clientY, box.top, box.height),
    }
    showCross()
    onPick(point)
  })
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }
  pick.addEventListener("keydown", (event) => {
    if (event.key in steps) {
      const size = event.shiftKey ? 0.1 : 0.01
      const clip = (value) => Math.min(1, Math.max(0, value))
      point.x = clip(point.x + steps[event.key][0] * size)
      point.y = clip(point.y + steps[event.key][1] * size)
      showCross()
    } else if (event.key === "Enter" || event.key === " ") {
      showCross()
      onPick(point)
    } else return
    event.preventDefault()
  })

  return {
    setImage,
    open(width, height) {
      stage.classList.remove("empty")
      stage.style.setProperty("--ratio", width / height)
      find("empty").hidden = true
      pick.hidden = false
      pick.tabIndex = 0
      cross.hidden = true
    },
    show({ result, divided, layer, opacity }) {
      find("shown").hidden = false
      find("layer").hidden = !layer
      stage.style.setProperty("--opacity", opacity)
      for (const id of ["before", "divider", "split"]) find(id).hidden = !divided
      stage.dataset.result = result
    },
  }
}
