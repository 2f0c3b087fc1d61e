import { expect, test } from 'vitest'
import { Readiness } from '../../../../src/lib/telemetry/readiness.ts'
import { localViewer } from '../../../../src/model/viewer.ts'
import { createHealthHandler, createReadyHandler } from '../../../../src/server/http/probe-handlers.ts'
import { startHttpServer } from '../../../support/server/small-server.ts'

test('/health answers 200, and is not cached', async () => {
  await using server = await startHttpServer(createHealthHandler())
  const response = await fetch(server.url)
  expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store'])
  expect(await response.json()).toEqual({ status: 'ok' })
})

test('/ready is 503 while a problem is blocking, and says what is wrong', async () => {
  const readiness = new Readiness()
  await using server = await startHttpServer(createReadyHandler(readiness, async () => localViewer))
  const load = async () => {
    const response = await fetch(server.url)
    return [response.status, await response.json()]
  }
  expect(await load()).toEqual([200, { status: 'ready', problems: [] }])

  const config = { component: 'config', message: 'config.json is not valid JSON.' }
  readiness.report(config.component, config.message, { isBlocking: false })
  expect(await load()).toEqual([200, { status: 'ready', problems: [config] }])

  const storage = { component: 'storage', message: 'The disk is full.' }
  readiness.report(storage.component, storage.message)
  expect(await load()).toEqual([503, { status: 'unavailable', problems: [config, storage] }])

  readiness.resolve('storage')
  expect(await load()).toEqual([200, { status: 'ready', problems: [config] }])
})

test.each([null, { ...localViewer, role: 'USER' as const, profiles: ['default'] }])(
  '/ready says nothing but its state to %j, for whom other profiles do not exist',
  async (viewer) => {
    const readiness = new Readiness()
    readiness.report('config:work', 'The file config.json cannot be applied.', { isBlocking: false })
    await using server = await startHttpServer(createReadyHandler(readiness, async () => viewer))
    expect(await (await fetch(server.url)).json()).toEqual({ status: 'ready' })
  },
)
