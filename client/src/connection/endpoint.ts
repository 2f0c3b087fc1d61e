/** Where a server is. */
export interface Endpoint {
  /** Of its GraphQL endpoint, absolute. */
  readonly graphqlUrl: string
  /** The URL of a file, absolute; null if it is not one of this server. */
  resolveFileUrl(url: string): string | null
}

const graphqlPath = '/graphql'

/** @param url The server, or its GraphQL endpoint. Relative to the page; where a page is rendered on a server, nothing is sent. */
export function createEndpoint(url: string): Endpoint {
  const base = new URL(url, typeof location === 'undefined' ? 'http://localhost' : location.href)
  const path = base.pathname.replace(/\/+$/, '')
  const prefix = path.endsWith(graphqlPath) ? path.slice(0, -graphqlPath.length) : path
  const filesUrl = `${base.origin}${prefix}/files/`
  return {
    graphqlUrl: `${base.origin}${prefix}${graphqlPath}`,
    resolveFileUrl: (file) => {
      // The server knows its own paths, and nothing of a proxy that serves it below another one.
      const isServerPath = file.startsWith('/files/')
      const absolute = new URL(isServerPath ? `${base.origin}${prefix}${file}` : file, `${base.origin}${prefix}/`)
      return absolute.href.startsWith(filesUrl) ? absolute.href : null
    },
  }
}
