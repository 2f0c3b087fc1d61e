import { expect, onTestFinished, test, vi } from 'vitest'
import { PostgresDatabase } from '../../../src/storage/postgres/database/postgres-database.ts'
import { ChangeHub, type ChangeHubOptions } from '../../../src/storage/postgres/notifications/change-hub.ts'
import { startDatabaseProxy } from '../../support/postgres/database-proxy.ts'
import { toDirectUrl, useTestDatabase } from '../../support/postgres/test-postgres-database.ts'

/** What sends through a proxy, and what listens elsewhere. */
async function openHubs(options: Partial<ChangeHubOptions> = {}) {
  const url = toDirectUrl(await useTestDatabase())
  const proxy = await startDatabaseProxy(url)
  onTestFinished(() => proxy[Symbol.asyncDispose]())
  const errors: Error[] = []
  const sendingDatabase = new PostgresDatabase({ url: proxy.databaseUrl })
  const open = (database: PostgresDatabase): ChangeHub => {
    const hub = new ChangeHub({ database, listenUrl: url, onError: (error) => void errors.push(error), ...options })
    onTestFinished(async () => {
      await hub.close()
      await database.close()
    })
    return hub
  }
  const [sender, receiver] = [open(sendingDatabase), open(new PostgresDatabase({ url }))]
  const received: (string | null)[] = []
  receiver.subscribe('work', (topic) => void received.push(topic))
  await expect.poll(() => sender.isWorking && receiver.isWorking).toBe(true)
  return { proxy, sendingDatabase, sender, receiver, received, errors }
}

test('notifications that cannot be sent are sent when that is possible again, and an outage is reported once', async () => {
  const { proxy, sendingDatabase, sender, received, errors } = await openHubs({ testIntervalMs: 60_000 })
  const attempts = vi.spyOn(sendingDatabase, 'withClient')
  proxy.refuseConnections()
  sender.publish({ profile: 'work', topic: 'first' })
  await expect.poll(() => errors).toHaveLength(1)
  sender.publish({ profile: 'work', topic: 'second' })
  await expect.poll(() => attempts.mock.calls.length).toBeGreaterThan(2)
  proxy.acceptConnections()
  await expect.poll(() => received.filter((topic) => topic !== null)).toEqual(['first', 'second'])
  sender.publish({ profile: 'work', topic: 'third' })
  await expect.poll(() => received).toContain('third')
  expect(errors).toHaveLength(1)
})

test('what cannot be sent does not keep a process from ending', async () => {
  const { proxy, sender, errors } = await openHubs()
  proxy.refuseConnections()
  sender.publish({ profile: 'work', topic: 'first' })
  await expect.poll(() => errors).toHaveLength(1)
  await sender.close()
})

test('those who are to be notified are told now and then that anything may have changed, although notifications arrive', async () => {
  const { receiver, received } = await openHubs({ pollIntervalMs: 20, testIntervalMs: 60_000 })
  received.length = 0
  await expect.poll(() => received).toContain(null)
  expect(receiver.isWorking).toBe(true)
})
