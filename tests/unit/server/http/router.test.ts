import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { createRouter, type RequestHandler } from '../../../../src/server/http/router.ts'
import { sendHttpRequest } from '../../../support/server/http-exchange.ts'
import { startHttpServer } from '../../../support/server/small-server.ts'

const respond =
  (text: string): RequestHandler =>
  (_: IncomingMessage, response: ServerResponse) =>
    void response.end(text)

const router = createRouter(
  [
    { path: '/a', accepts: ({ method }) => method === 'POST', handle: respond('POST /a') },
    { path: '/a', handle: respond('/a') },
    { path: '/files/', handle: respond('below /files/') },
    { path: '/', handle: respond('/') },
  ],
  respond('not found'),
)

test.each([
  ['GET', '/a', '/a'],
  ['GET', '/a?b=/files/', '/a'],
  ['POST', '/a', 'POST /a'],
  ['GET', '/a/', 'not found'],
  ['GET', '/files/x/y', 'below /files/'],
  ['GET', '/files', 'not found'],
  ['GET', '/', '/'],
  ['GET', '/?a', '/'],
  ['GET', '//', 'not found'],
  ['GET', '/other', 'not found'],
])('%s %s is handled by the route for %s', async (method, path, text) => {
  await using server = await startHttpServer((request, response) => void router(request, response))
  expect((await sendHttpRequest(server.url, { method, path })).text).toBe(text)
})
