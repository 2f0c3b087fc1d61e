import { describe, expect, test } from 'vitest'
import type { HermesDb } from '../../support/hermes/hermes-db.ts'
import { UsageDocument, type UsageGroup } from '../generated/graphql.ts'
import { loadSession } from '../support/chat.ts'
import { type Client, readingTransports } from '../support/clients.ts'
import { newTestEnvironment } from '../support/test-environment.ts'
import { ask } from '../support/typed-client.ts'

const dayStart = Date.parse('2026-03-01') / 1000
const counts = { input_tokens: 100, output_tokens: 20, reasoning_tokens: 5 }

function fillHermes(db: HermesDb): void {
  const at = { started_at: dayStart, last_activity_at: dayStart + 60, model: 'gpt-5' }
  db.addSession('chat', { ...at, ...counts, source: 'telegram', estimated_cost_usd: 0.5 })
  db.addMessage('chat', dayStart + 1, { content: 'Hello' })
  db.addMessage('chat', dayStart + 2, { content: 'Hi!', role: 'assistant' })
  db.addMessage('chat', dayStart + 3, { content: 'And?' })
  db.addSession('cron_birds_20260302_090000', { ...at, ...counts, last_activity_at: dayStart + 90_000, source: 'cron' })
  db.addSession('later', { ...at, ...counts, last_activity_at: dayStart + 40 * 86_400 })
  db.addSession('unused', at)
}

const from = '2026-03-01T12:00:00Z'
const to = '2026-03-02T12:00:00Z'

async function loadUsage(client: Client, groupBy: UsageGroup) {
  return (await ask(client, UsageDocument, { from, to, groupBy })).usage
}

describe.each(readingTransports)("Hermes' own usage, over %s,", (transport) => {
  test('is included, on the day when a session was used last', async () => {
    await using environment = await newTestEnvironment(transport, { fillHermes })
    const { client } = environment
    const cost = { amount: 0.5, currency: 'USD', estimated: true }
    expect((await loadSession(client, 'chat')).usage).toMatchObject({ inputTokens: 100, outputTokens: 20, cost })
    expect(await loadUsage(client, 'MODEL')).toMatchObject([
      { group: 'gpt-5', answers: 2, usage: { inputTokens: 200, outputTokens: 40, reasoningTokens: 10, cost } },
    ])
    const days = await loadUsage(client, 'DAY')
    expect(days.map(({ group, answers }) => [group, answers])).toEqual([
      ['2026-03-01', 2],
      ['2026-03-02', 0],
    ])
    expect((await loadUsage(client, 'CHANNEL')).map(({ group }) => group)).toEqual(['MESSAGING', 'CRON'])
    expect((await loadUsage(client, 'JOB')).map(({ group }) => group)).toEqual(['birds'])
    expect((await loadUsage(client, 'SESSION')).map(({ group }) => group)).toEqual([
      'chat',
      'cron_birds_20260302_090000',
    ])
  })
})

test('a cost of Hermes is unknown on a server that counts in another currency', async () => {
  await using environment = await newTestEnvironment('http', { fillHermes, settings: { currency: 'EUR' } })
  expect((await loadSession(environment.client, 'chat')).usage.cost).toBeNull()
  expect((await loadUsage(environment.client, 'MODEL'))[0]?.usage.cost).toBeNull()
})

test.each(readingTransports)('without from and to, usage is that of the last 30 days, over %s', async (transport) => {
  const secondsAgo = (days: number): number => Date.now() / 1000 - days * 86_400
  const fillRecent = (db: HermesDb): void => {
    for (const days of [1, 29, 32]) {
      const at = secondsAgo(days)
      db.addSession(`used-${days}`, { started_at: at, last_activity_at: at, ...counts })
      db.addMessage(`used-${days}`, at, { content: 'Hello' })
    }
  }
  await using environment = await newTestEnvironment(transport, { fillHermes: fillRecent })
  const { usage } = await ask(environment.client, UsageDocument, { groupBy: 'SESSION' })
  expect(usage.map(({ group }) => group).toSorted()).toEqual(['used-1', 'used-29'])
})
