import { rmSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CreateSessionDocument } from '../../contract/generated/graphql.ts'
import { connect } from '../../contract/support/clients.ts'
import { mutate } from '../../contract/support/typed-client.ts'
import { newTempFolder, startTestSegue } from '../../support/server/segue.ts'
import { exportToFile, importFromFile, newHomePath, queryData } from '../../support/transfer/transfers.ts'

test('The instructions of a session go along in an export, and one without has none', async () => {
  const home = newTempFolder()
  const other = newHomePath()
  try {
    const ids: string[] = []
    {
      await using segue = await startTestSegue({ settings: { home } })
      await using client = connect('http', segue.url)
      for (const instructions of ['Be brief.', null])
        ids.push((await mutate(client, CreateSessionDocument, { instructions })).createSession.id)
    }
    for (const id of ids) await importFromFile((await exportToFile({ home, id })).path, other)
    await using segue = await startTestSegue({ settings: { home: other } })
    const read = (id: string) => queryData(segue.url, `{ session(id: "${id}") { ownInstructions } }`)
    expect(await Promise.all(ids.map(read))).toEqual([
      { session: { ownInstructions: 'Be brief.' } },
      { session: { ownInstructions: null } },
    ])
  } finally {
    for (const folder of [home, other]) rmSync(folder, { recursive: true, force: true })
  }
})
