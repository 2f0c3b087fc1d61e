import type { DiagramRequest, DiagramResponse } from '../../../diagram-frame/diagram-messages.ts'

const readyId = 0
let lastId = readyId
let frame: Promise<HTMLIFrameElement> | null = null
const waiting = new Map<number, (response: DiagramResponse) => void>()

/** Draws a diagram as an image: its data URL. Rejects if the text is none. The first one loads what draws. */
export async function drawDiagram(code: string, isDark: boolean): Promise<string> {
  frame ??= openFrame()
  const { contentWindow } = await frame
  lastId += 1
  const request: DiagramRequest = { id: lastId, code, isDark }
  const response = waitForResponse(request.id)
  contentWindow?.postMessage(request, location.origin)
  const drawn = await response
  if ('error' in drawn) throw new Error(drawn.error)
  return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawn.svg)}`
}

/** A frame that is laid out, as drawing measures texts, but not seen. */
async function openFrame(): Promise<HTMLIFrameElement> {
  const element = document.createElement('iframe')
  element.src = '/diagram.html'
  element.tabIndex = -1
  element.setAttribute('aria-hidden', 'true')
  Object.assign(element.style, {
    position: 'fixed',
    left: '-4000px',
    width: '1600px',
    height: '1200px',
    visibility: 'hidden',
    border: '0',
  })
  addEventListener('message', ({ data, source }: MessageEvent<DiagramResponse>) => {
    if (source === element.contentWindow) waiting.get(data.id)?.(data)
  })
  const ready = waitForResponse(readyId)
  document.body.append(element)
  await ready
  return element
}

function waitForResponse(id: number): Promise<DiagramResponse> {
  return new Promise((resolve) => {
    waiting.set(id, (response) => {
      waiting.delete(id)
      resolve(response)
    })
  })
}
