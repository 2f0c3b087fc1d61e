import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { graphqlPost, sendHttpRequest } from '../support/server/http-exchange.ts'
import { RawSocket } from '../support/server/raw-socket.ts'
import { newTempFolder } from '../support/server/segue.ts'
import { runToEnd, startServerProcess } from '../support/server/server-process.ts'

let home: string
beforeEach(() => {
  home = newTempFolder()
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const entrySchema = z.object({
  name: z.string(),
  sha256: z.string(),
  role: z.string(),
  profiles: z.array(z.string()).optional(),
})

async function createToken(...argv: readonly string[]) {
  const { code, stdout, stderr } = await runToEnd({ argv: ['token', ...argv, '--home', home] })
  const [token = '', entry = ''] = stdout.split('\n')
  expect(code, stderr).toBe(0)
  expect(stderr).toContain(`Add this to the list "tokens" in ${join(home, 'config.json')}:`)
  return { token, entry: entrySchema.parse(JSON.parse(entry)) }
}

test('segue token prints a new token, and the entry with which a server that others can reach starts and knows it', async () => {
  const argv = ['--port', '0', '--home', home, '--no-hermes', '--public-host', 'chat.example.com']
  const refused = await runToEnd({ argv })
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('create one with segue token <name>') })

  const { token, entry } = await createToken('phone')
  expect(entry).toMatchObject({ name: 'phone', role: 'user', profiles: ['default'] })
  writeFileSync(join(home, 'config.json'), JSON.stringify({ tokens: [entry] }))
  await using server = await startServerProcess({ argv })
  const query = '{ server { viewer { name role } } }'
  const host = 'chat.example.com'
  const known = await sendHttpRequest(server.url, graphqlPost(query, { host, authorization: `Bearer ${token}` }))
  expect(known.text).toBe('{"data":{"server":{"viewer":{"name":"phone","role":"USER"}}}}')
  expect(await sendHttpRequest(server.url, graphqlPost(query, { host }))).toMatchObject({ status: 401 })

  // A token that is removed from the file ends its sockets, without a restart.
  const socket = await RawSocket.open(server.url, { token })
  const other = await createToken('laptop', '--role', 'admin')
  writeFileSync(join(home, 'config.json'), JSON.stringify({ tokens: [other.entry] }))
  expect((await socket.closed).code).toBe(4403)
  const headers = { host, authorization: `Bearer ${other.token}` }
  expect(await sendHttpRequest(server.url, graphqlPost(query, headers))).toMatchObject({ status: 200 })
  // A file without tokens changes nothing: others could call the server then.
  writeFileSync(join(home, 'config.json'), '{}')
  await expect.poll(() => server.output.stderr).toContain('create one with segue token <name>')
  expect(await sendHttpRequest(server.url, graphqlPost(query, headers))).toMatchObject({ status: 200 })
})

test('a token has a role and profiles; no two are equal', async () => {
  const tokens = [await createToken('tv', '--role', 'read', '--profile', 'work', '--profile=home')]
  tokens.push(await createToken('tv', '--role=admin'))
  expect(tokens.map(({ entry: { role, profiles } }) => ({ role, profiles }))).toEqual([
    { role: 'read', profiles: ['work', 'home'] },
    { role: 'admin', profiles: undefined },
  ])
  expect(new Set(tokens.map(({ token }) => token)).size).toBe(2)
})

test.each([
  [[], 'token: Needs a name for the new token.'],
  [['a', 'b'], 'b: Unexpected argument.'],
  [['a', '--role', 'root'], '--role: Invalid value. Must be read, user, admin.'],
  [['a', '--profile', 'A B'], '--profile: Invalid value.'],
  [['a', '--role', 'admin', '--profile', 'b'], '--profile: Not allowed with --role admin'],
])('segue token %j says what is wrong', async (argv, message) => {
  const { code, stdout, stderr } = await runToEnd({ argv: ['token', ...argv, '--home', home] })
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain(message)
})
