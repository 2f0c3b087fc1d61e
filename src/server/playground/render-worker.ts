import { createHash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import { gzipSync } from 'node:zlib'
import { renderGraphiQL } from '@graphql-yoga/render-graphiql'
import { playgroundTabs } from './playground-tabs.ts'

/** The rendered page. It has nine megabytes, and a quarter of that when compressed. */
export interface PlaygroundPage {
  readonly gzipped: Uint8Array<ArrayBuffer>
  /** A weak ETag, because the page is also served uncompressed. */
  readonly etag: string
}

/** The logo of Segue: a line that continues where another one ends. */
const renderLogo = (size: number): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="${size}" height="${size}" fill="none" stroke-width="4" stroke-linecap="round"><path stroke="#2f6f9f" d="M4 22c7 0 8-6 12-6"/><path stroke="#e0803c" d="M16 16c4 0 5-6 12-6"/></svg>`

const html = renderGraphiQL({
  title: 'Segue',
  logo: renderLogo(32),
  favicon: `data:image/svg+xml,${encodeURIComponent(renderLogo(32))}`,
  subscriptionsProtocol: 'WS',
  // For a browser that has signed in: see createCookieAuthentication.
  additionalHeaders: { 'x-segue-csrf': '1' },
  defaultTabs: [...playgroundTabs],
})

const page: PlaygroundPage = {
  gzipped: gzipSync(html),
  etag: `W/"${createHash('sha256').update(html).digest('base64url')}"`,
}
parentPort?.postMessage(page)
