import { existsSync, statSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import sirv from 'sirv'
import { negotiateMediaType } from '../http/accept-header.ts'
import { readRequestPath, type PublicRequestHandler } from '../http/router.ts'
import { diagramPageHeaders, diagramPagePath, webAppHeaders } from './web-app-headers.ts'

/** The files that `npm run build -- web` writes, beside the sources as in the package. */
export const builtWebAppFolder = join(import.meta.dirname, '..', '..', '..', 'web', 'dist')

/** Files whose names contain a hash of their content. */
const hashedFiles = /^\/assets\//

export function hasWebApp(folder: string): boolean {
  return existsSync(join(folder, 'index.html'))
}

/**
 * Serves the files of the web app, and its page at every other path that a browser opens: the app shows a view for each.
 * Whatever else is asked for goes to `handleOther`.
 */
export function createWebAppHandler(folder: string, handleOther: PublicRequestHandler): PublicRequestHandler {
  const page = join(folder, 'index.html')
  let builtAt = readModificationTime(page)
  let serveFile = createFileServer(folder)
  return (request, response) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    const isPage = opensPage(request)
    // The page itself is for browsers only: other clients look for the API at `/`.
    if (!isRead || (isPagePath(readRequestPath(request)) && !isPage)) return handleOther(request, response)
    // The list of files is read once. A page that was built since then has others.
    if (isPage && builtAt !== (builtAt = readModificationTime(page))) serveFile = createFileServer(folder)
    serveFile(request, response, () => {
      if (!isPage) return handleOther(request, response)
      request.url = '/'
      serveFile(request, response, () => handleOther(request, response))
    })
  }
}

function createFileServer(folder: string): ReturnType<typeof sirv> {
  return sirv(folder, {
    etag: true,
    gzip: true,
    brotli: true,
    setHeaders: (response, path) => {
      const headers = path === diagramPagePath ? diagramPageHeaders : webAppHeaders
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
      // Everything but hashed files is asked for again each time, and is sent again only after an upgrade.
      response.setHeader('cache-control', hashedFiles.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
  })
}

/** In epoch milliseconds; null while there is no such file. */
const readModificationTime = (file: string): number | null => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? null

const isPagePath = (path: string): boolean => path === '/' || path === '/index.html'

/** Whether a browser opens the path as a page, rather than loads a part of one. */
function opensPage({ headers: { accept = '' } }: IncomingMessage): boolean {
  return negotiateMediaType(accept, ['application/json', 'text/html']) === 'text/html'
}
