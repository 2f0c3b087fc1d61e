import type { Plugin, Rolldown } from 'vite'

const pageStart = 'src="/page-start.js"'
const transcript = '/chat/transcript/transcript.tsx'

const appName = 'app'
const startName = 'start'
const appModules = [
  String.raw`web[\\/]src[\\/]main\.tsx`,
  // Imported when they are needed, by a library that some pages use without them. Here, every page needs them.
  String.raw`subscription[\\/]websocket-transport\.ts`,
  String.raw`commands[\\/]create-commands-on-demand\.ts`,
  String.raw`notifications[\\/]activity-announcer\.tsx`,
  // Small, and of several views.
  String.raw`src[\\/]formats[\\/][^\\/]+`,
  String.raw`graphql[\\/]use-query\.ts`,
  String.raw`export[\\/]format-message\.ts`,
  String.raw`files[\\/]save-file\.ts`,
  String.raw`icons[\\/]circle-check\.m?js`,
]

/** What every page needs is one file, with all that it imports, so that nothing of it waits for a list of others. */
export const firstLoadGroups = [
  // The page that draws diagrams has it too, without the app.
  { name: 'runtime', test: /preload-helper|rolldown[\\/]runtime/, priority: 3 },
  // Sends the first requests. Runs while the app is loaded and compiled.
  { name: startName, test: /web[\\/]src[\\/]app[\\/]start\.ts$/, priority: 2 },
  { name: appName, test: new RegExp(`(?:${appModules.join('|')})$`), priority: 1 },
]

const runAtOnce = /chat[\\/](?:transcript[\\/]transcript|markdown[\\/]markdown)\.tsx$/
const isRunAtOnce = ({ name, moduleIds }: Rolldown.OutputChunk): boolean =>
  [appName, startName].includes(name) || moduleIds.some((id) => runAtOnce.test(id))

/** Has the browser load and compile what a page shows first before the app itself asks for it. */
export function firstLoad(): Plugin {
  return {
    name: 'segue:first-load',
    generateBundle: {
      order: 'post',
      handler: (_options, bundle) => {
        for (const file of Object.values(bundle)) {
          // Most of it runs at once. So it is compiled while it loads, beside the page, rather than function by function.
          if (file.type === 'chunk' && isRunAtOnce(file)) file.code = `//# allFunctionsCalledOnLoad\n${file.code}`
        }
      },
    },
    transformIndexHtml: { order: 'post', handler: (html, { bundle }) => nameChatFiles(html, bundle ?? {}) },
  }
}

/** Tells public/page-start.js, which knows the address, what only chats need. */
function nameChatFiles(html: string, bundle: Rolldown.OutputBundle): string {
  const chunks = Object.values(bundle).filter((file) => file.type === 'chunk')
  const loaded = new Set(chunks.filter(({ name }) => name === appName).flatMap((chunk) => listFiles(bundle, chunk)))
  const chat = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith(transcript))
  const files = chat ? listFiles(bundle, chat).filter((file) => !loaded.has(file)) : []
  const toAttribute = (extension: string): string =>
    files.flatMap((file) => (file.endsWith(extension) ? `/${file}` : [])).join(' ')
  const attributes = `data-chat-scripts="${toAttribute('.js')}" data-chat-styles="${toAttribute('.css')}"`
  return html.replace(pageStart, `$& ${attributes}`)
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
