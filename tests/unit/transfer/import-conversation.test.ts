import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { sqliteTransferStorage } from '../../../src/cli/storage/sqlite-transfer-storage.ts'
import { ExportImportError } from '../../../src/transfer/export-import-error.ts'
import { followStream, isEventOfType, startChat } from '../../contract/support/chat.ts'
import { readUntil } from '../../contract/support/typed-client.ts'
import { connect } from '../../contract/support/clients.ts'
import { newTempFolder, startTestSegue } from '../../support/server/segue.ts'
import { exportToFile, importFromFile, newHomePath, queryData } from '../../support/transfer/transfers.ts'
import { TestDatabase } from '../../support/storage/test-database.ts'

const home = newTempFolder()
/** The text of a document of one turn with a file, and its path. */
let exportedText = ''
let path = ''
let sessionId = ''

beforeAll(async () => {
  await using segue = await startTestSegue({ settings: { home } })
  await using client = connect('http', segue.url)
  const files = [{ name: 'a.txt', mediaType: 'text/plain', url: `data:text/plain;base64,${btoa('A file')}` }]
  const stream = await startChat(client, { text: 'Hello', files, key: 'k' })
  const { last } = await readUntil(followStream(client, stream.id), isEventOfType('StreamFinished'))
  sessionId = last.sessionId
  const document = await exportToFile({ home, id: sessionId })
  exportedText = document.text
  path = document.path
})

afterAll(() => rmSync(home, { recursive: true, force: true }))

/** Imports a text, which must be refused before the home is created. Resolves to the message without the path. */
async function expectRefusal(text: string | Buffer): Promise<string> {
  const file = join(newTempFolder(), 'conversation.json')
  writeFileSync(file, text)
  const other = newHomePath()
  const error: unknown = await importFromFile(file, other).catch((reason: unknown) => reason)
  if (!(error instanceof ExportImportError)) throw error
  expect(existsSync(other)).toBe(false)
  expect(error.message.startsWith(`${file}: `)).toBe(true)
  return error.message.slice(file.length + 2)
}

const removeLine = (line: RegExp): string => exportedText.replace(line, '')

const otherSessionId = 'ses_01h455vb4pex5vsknk084s0001'

/** The document with a second, empty session before the first. */
function withSecondSession({ parentId }: { readonly parentId: string }): string {
  return exportedText.replace(/\{"id":"ses_[^\n]*/, (line) => {
    const session: Record<string, unknown> = JSON.parse(line)
    return `${JSON.stringify({ ...session, id: otherSessionId, parentId, headSeq: 0, key: null, files: [] })},\n${line}`
  })
}

/** The document with the fingerprint of its records, as an export writes it. */
function withFingerprint(text: string): string {
  const hash = createHash('sha256')
  const { sha256, ...members } = z.looseObject({ sha256: z.string() }).parse(JSON.parse(text))
  for (const section of Object.values(members)) {
    if (!Array.isArray(section)) continue
    for (const record of section) hash.update(`${JSON.stringify(record)}\n`)
  }
  return text.replace(sha256, hash.digest('hex'))
}

describe('an import refuses', () => {
  test.each<[string, () => string | Buffer, string | RegExp]>([
    ['an empty file', () => '', 'line 1: The file ends before the document is complete.'],
    ['a text that is not JSON', () => 'Hello', 'line 1: The text is not valid JSON.'],
    ['a text that is not UTF-8', () => Buffer.from([0x7b, 0xff]), /^The file is not valid UTF-8\. Export it again\.$/],
    ['other JSON', () => '{"a": 1}', 'line 1: a: This is not a conversation that Segue has exported.'],
    ['an empty object', () => '{}', 'This is not a conversation that Segue has exported.'],
    [
      'another format',
      () => exportedText.replace('segue-conversation', 'x'),
      /^line 2: format: This is not a conversation/,
    ],
    [
      'a newer version, whatever it contains',
      () => '{"format": "segue-conversation", "version": 5, "new": []}',
      'line 1: version: The document has version 5, but this Segue reads versions up to 4. Import it with a newer Segue.',
    ],
    [
      'half a document',
      () => exportedText.slice(0, exportedText.length / 2),
      /The file ends before the document is complete\.$/,
    ],
    [
      'a document without one of its sections',
      () => removeLine(/"decisions": \[\n\],\n/),
      /^line \d+: grants: Expected decisions here\.$/,
    ],
    ['an unknown section', () => exportedText.replace('"sessions": [', '"chats": ['), /Expected sessions here\.$/],
    [
      'a record that does not match its schema',
      () => exportedText.replace('"role":"USER"', '"role":"ME"'),
      /^line 11: messages 1: role: /,
    ],
    ['an unknown field', () => exportedText.replace('"role":', '"mood":1,"role":'), /messages 1: .*mood/],
    [
      'a document without one of its messages',
      () => removeLine(/\{"id":"msg_[^\n]*"role":"USER"[^\n]*\n/),
      /events 1: There is no message msg_\w+ in the document\.$/,
    ],
    [
      'a document without the first event of a stream',
      () => removeLine(/\{"type":"StreamStarted"[^\n]*\n/),
      /The first event of the stream str_\w+ is missing\.$/,
    ],
    [
      'a document without the last event of a stream',
      () => exportedText.replace(/,\n\{"type":"StreamFinished"[^\n]*/, ''),
      /The last event of the stream str_\w+ is missing\.$/,
    ],
    [
      'a document without one of its files',
      () => removeLine(/\{"hash":[^\n]*\n/),
      /session ses_\w+: There is no file [0-9a-f]{64} in the document\.$/,
    ],
    [
      'a file with the content of another one',
      () => exportedText.replace(btoa('A file'), btoa('B file')),
      /files 1: content: The content does not match the hash\.$/,
    ],
    [
      'an unknown message id',
      () => exportedText.replaceAll(/"messageId":"msg_\w+"/g, `"messageId":"msg_0"`),
      /no message msg_0 in the document\.$/,
    ],
    ['malformed ids', () => exportedText.replaceAll(sessionId, 'ses_1'), /"ses_1" is not the id of a session\.$/],
    [
      'a session that continues itself',
      () => exportedText.replace('"parentId":null', `"parentId":"${sessionId}"`),
      /^line 5: sessions 1: The session ses_\w+ continues itself\.$/,
    ],
    [
      'sessions that continue each other',
      () => withSecondSession({ parentId: sessionId }).replace('"parentId":null', `"parentId":"${otherSessionId}"`),
      /^line 5: sessions 1: The session ses_\w+ continues itself\.$/,
    ],
    [
      'a duplicate id',
      () => exportedText.replace(/(\{"id":"msg_[^\n]*),\n/, '$1,\n$1,\n'),
      /The message msg_\w+ occurs twice\.$/,
    ],
  ])('%s', async (_, text, message) => {
    const refusal = await expectRefusal(text())
    if (typeof message === 'string') expect(refusal).toBe(message)
    else expect(refusal).toMatch(message)
  })

  test('a session that exists already, in any profile', async () => {
    const expected = `The session ${sessionId} exists already in the profile default.`
    await expect(importFromFile(path, home)).rejects.toThrow(expected)
    await expect(importFromFile(path, home, 'work')).rejects.toThrow(expected)
    expect(existsSync(join(home, 'profiles'))).toBe(false)
  })

  test('a missing file', async () => {
    await expect(importFromFile('/nowhere.json', newHomePath())).rejects.toThrow(
      '/nowhere.json: The file cannot be read (ENOENT).',
    )
  })

  test('to run while a server uses the home', async () => {
    const lock = sqliteTransferStorage.lockHome(home)
    await expect(importFromFile(path, home)).rejects.toThrow('Another Segue server uses the home')
    lock.release()
  })
})

test('a session whose parent is not in the document, as version 0.1.0 exported it, is imported without the parent', async () => {
  const [file, other] = [join(newTempFolder(), 'orphan.json'), newHomePath()]
  const orphan = exportedText.replace('"parentId":null', `"parentId":"${otherSessionId}"`)
  expect(orphan).not.toBe(exportedText)
  writeFileSync(file, withFingerprint(orphan))
  await importFromFile(file, other)
  expect((await exportToFile({ home: other, id: sessionId })).text).toBe(exportedText)
})

test.each([
  ['Bees', 'Bees'],
  [null, 'Garden'],
  [undefined, 'Orchard'], // before version 3
])(
  'a conversation with the title %j, whose tip a person renamed, is called %j',
  async (conversationTitle, expected) => {
    const text = exportedText.replace(/\{"id":"ses_[^\n]*/, (line) => {
      const session: Record<string, unknown> = { ...JSON.parse(line), conversationTitle }
      const ended = { endedAt: session['startedAt'], endReason: 'compression' }
      const root = { ...session, ...ended, id: otherSessionId, title: 'Garden', headSeq: 0, key: null, files: [] }
      const tip = { ...session, parentId: otherSessionId, title: 'Orchard', titleSource: 'PERSON' }
      return `${JSON.stringify(root)},\n${JSON.stringify(tip)}`
    })
    const [file, other] = [join(newTempFolder(), 'renamed.json'), newHomePath()]
    writeFileSync(file, withFingerprint(text))
    await importFromFile(file, other)
    await using segue = await startTestSegue({ settings: { home: other } })
    expect(await queryData(segue.url, '{ conversations { edges { node { title segmentCount } } } }')).toEqual({
      conversations: { edges: [{ node: { title: expected, segmentCount: 2 } }] },
    })
  },
)

test('a document may be formatted in another way', async () => {
  const [file, other] = [join(newTempFolder(), 'pretty.json'), newHomePath()]
  writeFileSync(file, `\ufeff${JSON.stringify(JSON.parse(exportedText), null, 4)}`)
  await importFromFile(file, other)
  expect(readFileSync((await exportToFile({ home: other, id: sessionId })).path, 'utf8')).toBe(exportedText)
})

test('an import that fails halfway leaves nothing behind', async () => {
  const other = newHomePath()
  await importFromFile(path, other)
  // Leaves an orphan message with which the import conflicts.
  using database = TestDatabase.write(other)
  database.exec('PRAGMA foreign_keys = OFF')
  database.exec(
    "DELETE FROM sessions; DELETE FROM deleted_sessions; DELETE FROM session_ids; DELETE FROM messages WHERE role = 'USER'; DELETE FROM streams; DELETE FROM blob_references",
  )
  const tables = () =>
    ['sessions', 'messages', 'streams', 'events'].map((name) => database.all(`SELECT * FROM ${name}`))
  const before = tables()
  rmSync(join(other, 'files'), { recursive: true })
  await expect(importFromFile(path, other)).rejects.toThrow(/messages 2: The id msg_\w+ already exists\.$/)
  expect(tables()).toEqual(before)
  expect(readdirSync(join(other, 'files'))).toEqual([])
})
