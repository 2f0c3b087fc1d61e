import mermaid from 'mermaid'
import type { DiagramRequest, DiagramResponse } from './diagram-messages.ts'

// A page of its own, within the app: drawing needs styles in the document, which the policy of the app forbids. The policy
// of this page allows them, and nothing else: it cannot load, send or run anything but its own script.
const answer = (response: DiagramResponse): void => parent.postMessage(response, location.origin)

addEventListener('message', ({ data, source, origin }: MessageEvent<DiagramRequest>) => {
  if (source !== parent || origin !== location.origin) return
  const { id, code, isDark } = data
  draw(`diagram-${id}`, code, isDark).then(
    (svg) => answer({ id, svg }),
    (error: unknown) => answer({ id, error: error instanceof Error ? error.message : String(error) }),
  )
})

async function draw(elementId: string, code: string, isDark: boolean): Promise<string> {
  mermaid.initialize({
    startOnLoad: false,
    // Nothing of the text is HTML, and nothing can be clicked.
    securityLevel: 'strict',
    // What a drawing shows of HTML is not shown in an image.
    htmlLabels: false,
    flowchart: { htmlLabels: false },
    theme: isDark ? 'dark' : 'neutral',
    suppressErrorRendering: true,
  })
  const { svg } = await mermaid.render(elementId, code)
  return svg
}

answer({ id: 0, svg: '' })
