import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newTempFolder, startTestSegue, type TestSegue } from '../../../support/server/segue.ts'
import { sendHttpRequest } from '../../../support/server/http-exchange.ts'

const page = '<!doctype html><title>The app</title>'
const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

describe('The web app', () => {
  let segue: TestSegue
  let folder: string

  beforeAll(async () => {
    folder = newTempFolder()
    mkdirSync(join(folder, 'assets'))
    writeFileSync(join(folder, 'index.html'), page)
    writeFileSync(join(folder, 'diagram.html'), page)
    writeFileSync(join(folder, 'assets', 'index-1a2b3c.js'), 'export {}')
    writeFileSync(join(folder, 'assets', 'index-1a2b3c.js.br'), brotliCompressSync('export {}'))
    segue = await startTestSegue({ webAppFolder: folder })
  })
  afterAll(() => segue[Symbol.asyncDispose]())

  const get = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const { body, ...response } = await sendHttpRequest(segue.url, { path, headers, method })
    return { ...response, body: body.toString() }
  }

  test.each(['/', '/chat/ses_1', '/chat/a%2Fb', '/settings?tab=models', '/no/such/view'])(
    'has its page at %s for a browser',
    async (path) => {
      const response = await get(path, html)
      expect(response.status).toBe(200)
      expect(response.headers['content-type']).toMatch('text/html')
      expect(response.body).toBe(page)
    },
  )

  test('allows no inline scripts, no other servers and no frames around it', async () => {
    const { headers } = await get('/', html)
    const policy = String(headers['content-security-policy'])
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe')
    expect(headers['x-content-type-options']).toBe('nosniff')
  })

  test('lets only the app frame the page that draws diagrams, which may have styles, and load and send nothing', async () => {
    const { headers } = await get('/diagram.html', html)
    const policy = String(headers['content-security-policy'])
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self'")
    expect(policy).toContain("frame-ancestors 'self'")
    expect(policy).not.toMatch(/script-src [^;]*unsafe|connect-src|img-src/)
  })

  test('keeps hashed files for good, and asks for the page again each time', async () => {
    expect((await get('/assets/index-1a2b3c.js')).headers['cache-control']).toContain('immutable')
    const { headers } = await get('/', html)
    expect(headers['cache-control']).toBe('no-cache')
    expect((await get('/', { ...html, 'if-none-match': String(headers['etag']) })).status).toBe(304)
  })

  test('sends the compressed file that lies beside a file', async () => {
    const { headers } = await get('/assets/index-1a2b3c.js', { 'accept-encoding': 'gzip, br' })
    expect(headers['content-encoding']).toBe('br')
  })

  test('sends clients that are no browsers to the API, as without the app', async () => {
    const { status, headers } = await get('/', { accept: '*/*' })
    expect({ status, location: headers['location'] }).toEqual({ status: 302, location: '/graphql' })
    expect((await get('/nothing', { accept: 'application/json' })).status).toBe(404)
    expect((await get('/assets/missing.js', { accept: '*/*' })).status).toBe(404)
    const form = { ...html, 'content-type': 'application/json' }
    expect((await get('/chat/ses_1', form, 'POST')).status).toBe(404)
  })

  test('leaves the paths of the API to the API', async () => {
    expect((await get('/health', html)).body).toBe('{"status":"ok"}')
    expect((await get('/graphql', html)).body).toContain('GraphiQL')
    expect((await get('/files/a/0', html)).status).toBe(404)
  })

  test('that is built while the server runs is served with its new files', async () => {
    writeFileSync(join(folder, 'assets', 'index-4d5e6f.js'), 'export {}')
    utimesSync(join(folder, 'index.html'), new Date(), new Date(Date.now() + 5000))
    expect((await get('/', html)).status).toBe(200)
    expect((await get('/assets/index-4d5e6f.js')).status).toBe(200)
  })

  test('serves nothing from outside of its folder', async () => {
    for (const path of ['/../package.json', '/%2e%2e/package.json', '/assets/..%2f..%2fpackage.json']) {
      const { body } = await get(path, { accept: '*/*' })
      expect(body, path).not.toContain('"name"')
    }
  })
})
