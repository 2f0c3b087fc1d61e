import type { Plugin, Rolldown } from 'vite'

const connection = '/subscription/websocket-transport.ts'
const pageStart = 'src="/page-start.js"'
const transcript = '/chat/transcript/transcript.tsx'

/**
 * Names in the page what it needs before the app itself asks for it, so that one file does not wait for another: what connects
 * to the server, always; the messages of a chat for public/page-start.js, which knows the address.
 */
export function preloadChat(): Plugin {
  return {
    name: 'segue:preload-chat',
    transformIndexHtml: {
      order: 'post',
      handler: (html, { bundle = {}, chunk: entry }) => {
        // Pages beside the app's have no address to look at.
        if (!html.includes(pageStart)) return html
        const loaded = new Set(entry ? listFiles(bundle, entry) : [])
        const isLater = (file: string): boolean => !loaded.has(file)
        const chunks = Object.values(bundle).filter((file) => file.type === 'chunk')
        const findFiles = (module: string): string[] => {
          const chunk = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith(module))
          return chunk ? listFiles(bundle, chunk).filter(isLater) : []
        }
        const chatFiles = findFiles(transcript).map((file) => `/${file}`)
        const toAttribute = (extension: string): string =>
          chatFiles.filter((file) => file.endsWith(extension)).join(' ')
        const attributes = `data-chat-scripts="${toAttribute('.js')}" data-chat-styles="${toAttribute('.css')}"`
        return {
          html: html.replace(pageStart, `$& ${attributes}`),
          tags: findFiles(connection).map((file) => ({
            tag: 'link',
            attrs: { rel: 'modulepreload', crossorigin: true, href: `/${file}` },
            injectTo: 'head' as const,
          })),
        }
      },
    },
  }
}

/** A chunk, all that it imports before it runs, and their styles. */
function listFiles(bundle: Rolldown.OutputBundle, chunk: Rolldown.OutputChunk, found = new Set<string>()): string[] {
  found.add(chunk.fileName)
  for (const style of chunk.viteMetadata?.importedCss ?? []) found.add(style)
  for (const name of chunk.imports) {
    const imported = bundle[name]
    if (imported?.type === 'chunk' && !found.has(name)) listFiles(bundle, imported, found)
  }
  return [...found]
}
