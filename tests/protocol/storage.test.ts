import { expect, test } from 'vitest'
import { z } from 'zod'
import { EventReader } from '../support/clients/reader.ts'
import { ChatClient } from '../support/clients/chat-client.ts'
import { startOnSmallDisk } from '../support/server/small-disk.ts'
import { usesPostgres } from '../support/postgres/database-of-home.ts'

test.skipIf(usesPostgres)(
  'R7 on a full disk readers are told at once, everything can be read, and the answer ends when there is room again',
  { timeout: 60_000 },
  async () => {
    await using server = await startOnSmallDisk({ argv: ['--offline-delay', '20'] })
    await using client = new ChatClient(server.url)
    const running = await client.start({ text: 'Tell me about your mother.'.repeat(20) })
    const reader = new EventReader(client.followStream(running.id))
    await reader.readUntil(({ text }) => typeof text === 'string' && text !== '')
    server.fillDisk()
    await expect(reader.readUntilType('StreamFinished')).rejects.toThrow(/disk of the server is full/)
    await expect(client.start({ text: 'Another' })).rejects.toThrow(/disk of the server is full/)
    expect((await client.messages(running.session.id)).length).toBeGreaterThan(0)
    expect((await fetch(`${server.url}/ready`)).status).toBe(503)

    server.freeDisk()
    await expect.poll(async () => (await fetch(`${server.url}/ready`)).status).toBe(200)
    const resumed = new EventReader(client.followStream(running.id, reader.cursor), reader.parts)
    const { stream, message } = await resumed.readUntilType('StreamFinished')
    expect(stream).toMatchObject({ status: 'FAILED', error: { code: 'STORAGE' } })
    expect(message?.text).toBe(resumed.text)
    const errors = server.output.stderr.split('\n').filter((line) => line.includes('"level":50'))
    expect(errors).toHaveLength(1)
    expect(z.object({ msg: z.string() }).parse(JSON.parse(errors[0] ?? '')).msg).toContain('full')
  },
)
