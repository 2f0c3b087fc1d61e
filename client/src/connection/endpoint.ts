/** Where a server is. */
export interface Endpoint {
  /** Of its GraphQL endpoint, absolute, with http or https. */
  readonly graphqlUrl: string
  /** Where files are posted to. */
  readonly uploadUrl: string
  /** The URL of a file, absolute; null if it is not one of this server. */
  resolveFileUrl(url: string): string | null
}

const graphqlPath = '/graphql'

/**
 * @param url The server, or its GraphQL endpoint. Relative to the page; where a page is rendered on a server, nothing is
 * sent. Throws a TypeError for anything else.
 */
export function createEndpoint(url: string): Endpoint {
  const base = parseServerUrl(url)
  const path = base.pathname.replace(/\/+$/, '')
  const prefix = path.endsWith(graphqlPath) ? path.slice(0, -graphqlPath.length) : path
  const server = base.origin + prefix
  return {
    uploadUrl: `${server}/files`,
    graphqlUrl: server + graphqlPath,
    resolveFileUrl: (file) => {
      // The server knows its own paths, and nothing of a proxy that serves it below another one.
      const isServerPath = file.startsWith('/files/')
      const absolute = parseUrl(isServerPath ? server + file : file, `${server}/`)
      return absolute?.href.startsWith(`${server}/files/`) ? absolute.href : null
    },
  }
}

function parseServerUrl(text: string): URL {
  // Other GraphQL clients are given the URL of the WebSocket.
  const page = typeof location === 'undefined' ? 'http://localhost' : location.href
  const url = parseUrl(text.replace(/^ws/, 'http'), page)
  // Without a scheme, the host and the port of a server would be a path of the page.
  const isHostWithPort = /^[^/?#]*:\d+([/?#]|$)/.test(text)
  if (url && !isHostWithPort && ['http:', 'https:'].includes(url.protocol)) return url
  throw new TypeError(
    `The url "${text}" is not one of a server. Begin it with http:// or https://, or with / in a page.`,
  )
}

/** Null if it is not valid. */
function parseUrl(url: string, base: string): URL | null {
  try {
    return new URL(url, base)
  } catch {
    return null
  }
}
