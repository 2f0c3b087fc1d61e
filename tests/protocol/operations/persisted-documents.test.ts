import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readSettings } from '../../../src/config/settings.ts'
import { transports } from '../../support/clients/transports.ts'
import { RawSocket } from '../../support/server/raw-socket.ts'
import { newHome, startTestSegue } from '../../support/server/segue.ts'

const hash = (text: string): string => createHash('sha256').update(text).digest('hex')
const persistedQuery = (sha256Hash: string) => ({ persistedQuery: { version: 1, sha256Hash } })

test.for(Object.entries(transports))(
  'A10 over %s, a document is sent once with its hash, then named by it',
  async ([name, send]) => {
    await using segue = await startTestSegue()
    const query = `query Over_${name} { server { version } }`
    const extensions = persistedQuery(hash(query))
    const unknown = await send(segue.url, { extensions })
    expect(unknown.errors).toEqual([
      { message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } },
    ])
    const data = { server: { version: expect.any(String) } }
    expect(await send(segue.url, { query, extensions })).toMatchObject({ data, errors: [] })
    expect(await send(segue.url, { extensions })).toMatchObject({ data, errors: [] })
    expect(await send(segue.url, { extensions: persistedQuery(`sha256:${hash(query)}`) })).toMatchObject({ data })

    const mismatch = await send(segue.url, { query, extensions: persistedQuery(hash('{ other }')) })
    expect(mismatch.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', path: [] } }])
  },
)

test('A10 over webSocket, an id that is no text is an error of its operation, not of the socket', async () => {
  await using segue = await startTestSegue()
  const socket = await RawSocket.open(segue.url)
  socket.send({ id: '1', type: 'subscribe', payload: { documentId: 1 } })
  expect(await socket.nextFor('1')).toMatchObject({
    type: 'error',
    payload: [{ extensions: { code: 'BAD_USER_INPUT', path: [] } }],
  })
  socket.subscribe('1', '{ server { version } }')
  expect(await socket.nextFor('1')).toMatchObject({ type: 'next' })
  await socket.close()
})

const trusted = 'query Trusted { server { version } }'

async function startWithTrusted(only: boolean) {
  const home = newHome()
  const file = join(home, 'persisted-documents.json')
  writeFileSync(file, JSON.stringify({ [`sha256:${hash(trusted)}`]: trusted, plain: trusted }))
  writeFileSync(
    join(home, 'config.json'),
    JSON.stringify({ persistedDocuments: { file: 'persisted-documents.json', only } }),
  )
  const { trustedDocuments } = readSettings({ argv: ['--home', home], env: {}, homedir: home })
  return startTestSegue({ settings: { home, trustedDocuments } })
}

test.for(Object.entries(transports))('A10 over %s, a trusted document is named by its id', async ([, send]) => {
  await using segue = await startWithTrusted(false)
  for (const documentId of [hash(trusted), `sha256:${hash(trusted)}`, 'plain']) {
    expect((await send(segue.url, { documentId })).errors).toEqual([])
  }
  expect((await send(segue.url, { extensions: persistedQuery(hash(trusted)) })).errors).toEqual([])
  expect((await send(segue.url, { documentId: 'unknown' })).errors).toMatchObject([
    { extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } },
  ])
})

test.for(Object.entries(transports))('A10 over %s, other documents can be refused', async ([, send]) => {
  await using segue = await startWithTrusted(true)
  const query = '{ server { version } }'
  for (const params of [{ query }, { query, extensions: persistedQuery(hash(query)) }]) {
    expect((await send(segue.url, params)).errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }])
  }
  expect((await send(segue.url, { query: trusted })).errors).toEqual([])
  expect((await send(segue.url, { documentId: hash(trusted) })).errors).toEqual([])
})
