import { join } from 'node:path'
import { build } from 'esbuild'
import type { BrowserContext, Page } from 'playwright-core'
import { startHttpServer, type TestHttpServer } from '../../../tests/support/server/small-server.ts'

/** A server of a page that has the client library. It is another origin than that of the API. */
export async function startPageServer(): Promise<TestHttpServer> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'page.ts')],
    bundle: true,
    format: 'esm',
    write: false,
  })
  const script = outputFiles[0]?.text ?? ''
  return startHttpServer((request, response) => {
    const isScript = request.url === '/page.js'
    response
      .writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html; charset=utf-8' })
      .end(isScript ? script : '<!doctype html><title>A page</title><script type="module" src="/page.js"></script>')
  })
}

/** Opens the page, and waits until it has the library. */
export async function openClientPage(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(url)
  await page.waitForFunction(() => 'segue' in globalThis)
  return page
}
