import { expect, test } from 'vitest'
import { z } from 'zod'
import { startThreeServers } from '../../support/postgres/several-servers.ts'

const followChanges = 'subscription { result: conversationsChanged(profile: "work") { kind } }'
const start = `mutation ($text: String!) {
  result: startChat(input: { text: $text, profile: "work" }) { id session { id } }
}`
const deleteProfile = 'mutation { result: deleteProfile(name: "work") }'
const listSessions = '{ result: profile(name: "work") { sessions(first: 5) { edges { node { id } } } } }'

const startedSchema = z.object({ id: z.string(), session: z.object({ id: z.string() }) })

test('a profile that one server deletes ends for all of them, and begins again with the next write of any', async () => {
  const servers = await startThreeServers()
  const [first, second, third] = servers
  const { id, session } = startedSchema.parse(await first.ask(start, { text: '/ask Which one? | This | That' }))
  await expect(second.ask(deleteProfile)).rejects.toMatchObject({ code: 'SESSION_BUSY' })
  const feeds = servers.map((server) => server.subscribe(followChanges))
  for (const feed of feeds) await feed.waitForFirst()
  await third.client.cancel(id)
  expect(await second.ask(deleteProfile)).toBe('prf_work')
  await Promise.all(feeds.map(({ completed }) => completed))
  for (const server of servers) {
    expect(await server.ask('{ result: profiles { name } }')).toEqual([{ name: 'default' }])
    expect(await server.ask(`{ result: session(id: "${session.id}") { id } }`)).toBeNull()
  }
  const again = startedSchema.parse(await first.ask(start, { text: 'Hello' }))
  for (const server of servers)
    expect(await server.ask(listSessions)).toEqual({ sessions: { edges: [{ node: { id: again.session.id } }] } })
  for (const { segue } of servers) expect(segue.warnings).toEqual([])
})
