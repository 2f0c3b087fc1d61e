import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { createRouter, type PublicRequestHandler } from '../../../../src/server/http/router.ts'
import type { Caller } from '../../../../src/server/auth/caller.ts'
import type { Viewer } from '../../../../src/model/viewer.ts'
import { sendHttpRequest } from '../../../support/server/http-exchange.ts'
import { startHttpServer } from '../../../support/server/small-server.ts'

const respond =
  (text: string): PublicRequestHandler =>
  (_: IncomingMessage, response: ServerResponse) =>
    void response.end(text)

const role = (viewer: Viewer['role']): Caller => ({
  viewer: { name: 'test', role: viewer, profiles: ['default'] },
  credentialId: '0',
  revoked: new AbortController().signal,
})

const toRole = (text: string): Viewer['role'] => (text === 'ADMIN' || text === 'USER' ? text : 'READ')

const router = createRouter({
  authenticate: async ({ headers: { authorization } }) =>
    authorization === undefined ? { status: 401, message: 'Who?', refusedOrigin: null } : role(toRole(authorization)),
  routes: [
    { path: '/a', accepts: ({ method }) => method === 'POST', handlePublic: respond('POST /a') },
    { path: '/a', handlePublic: respond('/a') },
    { path: '/files/', handlePublic: respond('below /files/') },
    { path: '/', handlePublic: respond('/') },
    { path: '/closed', handle: respond('/closed') },
    { path: '/writes', role: 'USER', handle: respond('/writes') },
  ],
  handleNotFound: respond('not found'),
})

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

test.each([
  ['/closed', null, 401],
  ['/closed', 'READ', 200],
  ['/closed', 'ADMIN', 200],
  ['/writes', null, 401],
  ['/writes', 'READ', 403],
  ['/writes', 'USER', 200],
  ['/writes', 'ADMIN', 200],
])('%s with the role %s is answered %s', async (path, authorization, status) => {
  await using server = await startHttpServer((request, response) => void router(request, response))
  const headers = authorization === null ? {} : { authorization }
  expect((await sendHttpRequest(server.url, { path, headers })).status).toBe(status)
})
