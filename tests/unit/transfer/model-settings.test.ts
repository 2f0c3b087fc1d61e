import { rmSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CreateSessionDocument, StartChatDocument } from '../../contract/generated/graphql.ts'
import { followStream, isEventOfType } from '../../contract/support/chat.ts'
import { connect } from '../../contract/support/clients.ts'
import { mutate, readUntil } from '../../contract/support/typed-client.ts'
import { newTempFolder, startTestSegue } from '../../support/server/segue.ts'
import { exportToFile, importFromFile, newHomePath, queryData } from '../../support/transfer/transfers.ts'

test('The instructions and the effort of a session go along in an export, and one without has none', async () => {
  const home = newTempFolder()
  const other = newHomePath()
  try {
    const ids: string[] = []
    {
      await using segue = await startTestSegue({ settings: { home } })
      await using client = connect('http', segue.url)
      for (const settings of [{ instructions: 'Be brief.', effort: 'high' }, {}])
        ids.push((await mutate(client, CreateSessionDocument, settings)).createSession.id)
      const { startChat: stream } = await mutate(client, StartChatDocument, { text: 'Hello', sessionId: ids[0] ?? '' })
      await readUntil(followStream(client, stream.id), isEventOfType('StreamFinished'))
    }
    for (const id of ids) await importFromFile((await exportToFile({ home, id })).path, other)
    await using segue = await startTestSegue({ settings: { home: other } })
    const read = (id: string) =>
      queryData(
        segue.url,
        `{ session(id: "${id}") { ownInstructions effort messages(first: 1) { edges { node { stream { effort } } } } } }`,
      )
    expect(await Promise.all(ids.map(read))).toEqual([
      {
        session: {
          ownInstructions: 'Be brief.',
          effort: 'high',
          messages: { edges: [{ node: { stream: { effort: 'high' } } }] },
        },
      },
      { session: { ownInstructions: null, effort: null, messages: { edges: [] } } },
    ])
  } finally {
    for (const folder of [home, other]) rmSync(folder, { recursive: true, force: true })
  }
})
