import { expect, onTestFinished, test } from 'vitest'
import { ChangeListener } from '../../../src/storage/postgres/notifications/change-listener.ts'
import { startDatabaseProxy } from '../../support/postgres/database-proxy.ts'
import { runSql, useTestDatabase } from '../../support/postgres/test-postgres-database.ts'

async function startListener() {
  const url = await useTestDatabase()
  const proxy = await startDatabaseProxy(url)
  const payloads: string[] = []
  let listenings = 0
  const listener = new ChangeListener({
    url: proxy.databaseUrl,
    channel: 'test',
    onPayload: (payload) => payloads.push(payload),
    onListening: () => (listenings += 1),
    onError: () => undefined,
  })
  onTestFinished(() => proxy[Symbol.asyncDispose]())
  await expect.poll(() => listenings).toBe(1)
  return { url, proxy, listener, payloads, countListenings: () => listenings }
}

test('a listener makes another connection if the host of the old one has vanished', async () => {
  const { url, proxy, listener, payloads, countListenings } = await startListener()
  proxy.withholdRequests()
  proxy.withholdResponses()
  listener.reconnect()
  await expect.poll(countListenings).toBe(2)
  await runSql(url, `SELECT pg_notify('test', 'hello')`)
  await expect.poll(() => payloads).toEqual(['hello'])
  await listener.close()
})

test('a listener is closed at once if the host of its connection has vanished', async () => {
  const { proxy, listener } = await startListener()
  proxy.withholdRequests()
  proxy.withholdResponses()
  await listener.close()
})
