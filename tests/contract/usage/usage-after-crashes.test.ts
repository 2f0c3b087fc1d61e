import { rmSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { SeededRandom } from '../../chaos/seeded-random.ts'
import { ChatClient } from '../../support/clients/chat-client.ts'
import { loadUsageFigures, type UsageFigures } from '../../support/clients/usage-figures.ts'
import { newTempFolder } from '../../support/server/segue.ts'
import { startServerProcess } from '../../support/server/server-process.ts'

const rounds = 2
const chatsPerRound = 4
const maxEventsBeforeKill = 24

function loadFigures(client: ChatClient): Promise<UsageFigures> {
  return loadUsageFigures(async (query, variables, schema) => schema.parse(await client.ask(query, { ...variables })))
}

async function hasActiveStream(client: ChatClient): Promise<boolean> {
  const answer = await client.ask('{ sessions(first: 100) { edges { node { activeStream { id } queue { id } } } } }')
  return JSON.stringify(answer).includes('"id"')
}

test(
  'after kill -9 at random moments, the sums of the day are what the logs and the sessions say, and nothing counts twice',
  { retry: 0 },
  async () => {
    const home = newTempFolder()
    onTestFinished(() => rmSync(home, { recursive: true, force: true }))
    const argv = ['--port', '0', '--home', home, '--no-hermes', '--model', 'offline/eliza', '--offline-delay', '1']
    const seed = Math.floor(Math.random() * 2 ** 32)
    const random = new SeededRandom(seed)
    for (let round = 0; round < rounds; round += 1) {
      await using server = await startServerProcess({ argv })
      await using client = new ChatClient(server.url)
      let eventsLeft = random.between(1, maxEventsBeforeKill)
      const chats = Array.from({ length: chatsPerRound }, async () => {
        // Each answer has two steps.
        const { session } = await client.start({ text: '/tool look {}' })
        await client.start({ text: 'I had a dream.', sessionId: session.id, ifBusy: 'QUEUE' })
        for await (const _ of client.followSession(session.id)) {
          eventsLeft -= 1
          if (eventsLeft === 0) await server.stop('SIGKILL')
        }
      })
      await Promise.allSettled(chats)
    }
    await using server = await startServerProcess({ argv })
    await using client = new ChatClient(server.url)
    await expect.poll(() => hasActiveStream(client)).toBe(false)
    const { sums, sessions, logs, totals } = await loadFigures(client)
    expect(logs.size, `seed ${seed}`).toBeGreaterThan(0)
    expect(sums, `seed ${seed}`).toEqual(logs)
    for (const [id, { answers: _, ...tokens }] of sums) expect(sessions.get(id), `seed ${seed}`).toEqual(tokens)
    expect(sessions.size).toBe(sums.size)
    for (const total of totals) expect(total).toEqual(totals[0])
  },
)
