import { build } from 'esbuild'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import { startHttpServer, type TestHttpServer } from '../../../tests/support/server/small-server.ts'
import { waitLimitMs } from '../../../tests/support/vitest-limits.ts'

const pages = join(import.meta.dirname, 'pages')

/** A page in a browser. `errors` has what went wrong in it. */
export interface AdapterPage extends AsyncDisposable {
  readonly page: Page
  readonly errors: readonly string[]
}

export interface AdapterPageOptions {
  /** The server of the API, such as `http://127.0.0.1:4000`. */
  readonly url: string
  /** A file in `pages`. */
  readonly entry: string
  /** What follows the `#` in the address of the page. */
  readonly hash?: string
}

/** Serves the files of `pages` as pages, bundled. It is another origin than that of the API. */
export async function startAdapterPageServer(): Promise<TestHttpServer> {
  const bundles = new Map<string, Promise<string>>()
  const getBundle = (entry: string): Promise<string> => {
    const known = bundles.get(entry) ?? bundlePage(entry)
    bundles.set(entry, known)
    return known
  }
  return startHttpServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    if (!pathname.endsWith('.js')) {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(toHtml(pathname))
      return
    }
    getBundle(pathname.slice(1, -'.js'.length)).then(
      (script) => response.writeHead(200, { 'content-type': 'text/javascript' }).end(script),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
}

/** Opens a page, which finds the address of the API in its parameter `server`. */
export async function openAdapterPage(
  context: BrowserContext,
  pagesUrl: string,
  { url, entry, hash = '' }: AdapterPageOptions,
): Promise<AdapterPage> {
  const page = await context.newPage()
  // Less than that of a test, so that the failure names the step.
  page.setDefaultTimeout(waitLimitMs)
  const errors: string[] = []
  page.on('pageerror', ({ message }) => errors.push(message))
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  await page.goto(`${pagesUrl}/${entry}?server=${encodeURIComponent(url)}#${hash}`)
  return { page, errors, [Symbol.asyncDispose]: () => page.close() }
}

function toHtml(path: string): string {
  return `<!doctype html><title>A page</title><link rel="icon" href="data:,"><div id="root"></div>
    <script type="module" src="${path}.js"></script>`
}

async function bundlePage(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(pages, entry)],
    bundle: true,
    format: 'esm',
    jsx: 'automatic',
    write: false,
    define: { 'process.env.NODE_ENV': '"production"' },
    // React's production build, which measures in addition.
    alias: { 'react-dom/client': 'react-dom/profiling' },
    logLevel: 'silent',
  })
  return outputFiles[0]?.text ?? ''
}
