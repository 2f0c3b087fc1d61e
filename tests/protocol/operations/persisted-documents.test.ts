import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { transports } from '../../support/clients/transports.ts'
import { startTestSegue } from '../../support/server/segue.ts'

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
