// Runs in each measured page before the page's own scripts. It notes the frames, the long tasks and the layout shifts.
globalThis.probe = (() => {
  const frames = []
  const longTasks = []
  const shifts = []
  let from = 0

  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) longTasks.push({ at: startTime, ms: duration })
  }).observe({ type: 'longtask', buffered: true })
  new PerformanceObserver((list) => {
    for (const { startTime, value, hadRecentInput } of list.getEntries())
      if (!hadRecentInput) shifts.push({ at: startTime, value })
  }).observe({ type: 'layout-shift', buffered: true })

  const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve))
  const isShown = (selector) => document.querySelector(selector)?.checkVisibility() ?? false
  const noteFrame = (at) => {
    frames.push(at)
    requestAnimationFrame(noteFrame)
  }
  requestAnimationFrame(noteFrame)

  return {
    /** Resolves to the time since the navigation when all elements are shown and the page is free to react. */
    async whenShown(selectors) {
      while (!selectors.every(isShown)) await nextFrame()
      const { port1, port2 } = new MessageChannel()
      const isReached = new Promise((resolve) => port1.addEventListener('message', resolve, { once: true }))
      port1.start()
      port2.postMessage(null)
      await isReached
      port1.close()
      return performance.now()
    },
    begin() {
      from = performance.now()
    },
    /** What happened since `begin`, or since the navigation. */
    end() {
      const isSince = ({ at }) => at >= from
      const times = frames.filter((at) => at >= from)
      return {
        frames: times.slice(1).map((at, index) => ({ at: at - from, ms: at - times[index] })),
        longTasks: longTasks.filter(isSince).map(({ at, ms }) => ({ at: at - from, ms })),
        layoutShift: shifts.filter(isSince).reduce((sum, { value }) => sum + value, 0),
        elements: document.querySelectorAll('*').length,
        firstPaint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,
        requests: performance.getEntriesByType('resource').length,
      }
    },
    /** Scrolls in each of so many frames, and returns the most elements that the page had. */
    async scroll(selector, pixels, count) {
      const area = document.querySelector(selector)
      let elements = 0
      for (let frame = 0; frame < count; frame += 1) {
        area?.scrollBy({ top: pixels, behavior: 'instant' })
        await nextFrame()
        if (frame % 10 === 0) elements = Math.max(elements, document.querySelectorAll('*').length)
      }
      return elements
    },
  }
})()
