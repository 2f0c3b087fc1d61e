import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lockHome } from '../../../src/storage/sqlite/database/home-lock.ts'
import { TransferError } from '../../../src/transfer/transfer-error.ts'
import { followStream, isEventOfType, startChat } from '../../contract/support/chat.ts'
import { readUntil } from '../../contract/support/typed-client.ts'
import { connect } from '../../contract/support/clients.ts'
import { newTempFolder, startTestSegue } from '../../support/server/segue.ts'
import { exportToFile, importFromFile, newHomePath } from '../../support/transfer/transfers.ts'

const home = newTempFolder()
/** A document of one turn with a file, and its path. */
let whole = ''
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
  whole = document.text
  path = document.path
})

afterAll(() => rmSync(home, { recursive: true, force: true }))

/** What an import of this text is refused with. Nothing of it is there then, in a home that was not there before either. */
async function refusal(text: string | Buffer): Promise<string> {
  const file = join(newTempFolder(), 'conversation.json')
  writeFileSync(file, text)
  const other = newHomePath()
  const error: unknown = await importFromFile(file, other).catch((reason: unknown) => reason)
  if (!(error instanceof TransferError)) throw error
  expect(existsSync(other)).toBe(false)
  expect(error.message.startsWith(`${file}: `)).toBe(true)
  return error.message.slice(file.length + 2)
}

const without = (line: RegExp): string => whole.replace(line, '')

const otherSessionId = 'ses_01h455vb4pex5vsknk084s0001'

/** The document with a second, empty session before the first. */
function withSecondSession({ parentId }: { readonly parentId: string }): string {
  return whole.replace(/\{"id":"ses_[^\n]*/, (line) => {
    const session: Record<string, unknown> = JSON.parse(line)
    return `${JSON.stringify({ ...session, id: otherSessionId, parentId, headSeq: 0, key: null, files: [] })},\n${line}`
  })
}

describe('an import is refused, and says where and why,', () => {
  test.each<[string, () => string | Buffer, string | RegExp]>([
    ['of nothing', () => '', 'line 1: The file ends before the document is complete.'],
    ['of what is no JSON', () => 'Hello', 'line 1: The text is not valid JSON.'],
    ['of what is no UTF-8', () => Buffer.from([0x7b, 0xff]), /^The file is not valid UTF-8\. Export it again\.$/],
    ['of other JSON', () => '{"a": 1}', 'line 1: a: This is not a conversation that Segue has exported.'],
    ['of an empty object', () => '{}', 'This is not a conversation that Segue has exported.'],
    [
      'of another format',
      () => whole.replace('segue-conversation', 'x'),
      /^line 2: format: This is not a conversation/,
    ],
    [
      'of a newer version, whatever is in it',
      () => '{"format": "segue-conversation", "version": 2, "new": []}',
      'line 1: version: The document has version 2, but this Segue reads versions up to 1. Import it with a newer Segue.',
    ],
    ['of half a document', () => whole.slice(0, whole.length / 2), /The file ends before the document is complete\.$/],
    [
      'without one of its lists',
      () => without(/"decisions": \[\n\],\n/),
      /^line \d+: grants: Expected decisions here\.$/,
    ],
    ['with a list of something else', () => whole.replace('"sessions": [', '"chats": ['), /Expected sessions here\.$/],
    [
      'with a record of another form',
      () => whole.replace('"role":"USER"', '"role":"ME"'),
      /^line 11: messages 1: role: /,
    ],
    ['with something that nobody knows', () => whole.replace('"role":', '"mood":1,"role":'), /messages 1: .*mood/],
    [
      'without a message',
      () => without(/\{"id":"msg_[^\n]*"role":"USER"[^\n]*\n/),
      /events 1: There is no message msg_\w+ in the document\.$/,
    ],
    [
      'without an event',
      () => without(/\{"type":"StreamStarted"[^\n]*\n/),
      /The first event of the stream str_\w+ is missing\.$/,
    ],
    [
      'without the end of a log',
      () => whole.replace(/,\n\{"type":"StreamFinished"[^\n]*/, ''),
      /The last event of the stream str_\w+ is missing\.$/,
    ],
    [
      'without a file',
      () => without(/\{"hash":[^\n]*\n/),
      /session ses_\w+: There is no file [0-9a-f]{64} in the document\.$/,
    ],
    [
      'with the bytes of another file',
      () => whole.replace(btoa('A file'), btoa('B file')),
      /files 1: content: The content does not match the hash\.$/,
    ],
    [
      'with a reference to nowhere',
      () => whole.replaceAll(/"messageId":"msg_\w+"/g, `"messageId":"msg_0"`),
      /no message msg_0 in the document\.$/,
    ],
    ['with ids that are none', () => whole.replaceAll(sessionId, 'ses_1'), /"ses_1" is not the id of a session\.$/],
    [
      'with a session that continues an unknown one',
      () => whole.replace('"parentId":null', `"parentId":"${otherSessionId}"`),
      `line 5: sessions 1: There is no session ${otherSessionId} in the document.`,
    ],
    [
      'with a session that continues itself',
      () => whole.replace('"parentId":null', `"parentId":"${sessionId}"`),
      /^line 5: sessions 1: The session ses_\w+ continues itself\.$/,
    ],
    [
      'with sessions that continue each other',
      () => withSecondSession({ parentId: sessionId }).replace('"parentId":null', `"parentId":"${otherSessionId}"`),
      /^line 5: sessions 1: The session ses_\w+ continues itself\.$/,
    ],
    [
      'with two of one id',
      () => whole.replace(/(\{"id":"msg_[^\n]*),\n/, '$1,\n$1,\n'),
      /The message msg_\w+ occurs twice\.$/,
    ],
  ])('%s', async (_, text, message) => {
    const told = await refusal(text())
    if (typeof message === 'string') expect(told).toBe(message)
    else expect(told).toMatch(message)
  })

  test('when it is there already, in whichever profile', async () => {
    const there = `The session ${sessionId} exists already in the profile default.`
    await expect(importFromFile(path, home)).rejects.toThrow(there)
    await expect(importFromFile(path, home, 'work')).rejects.toThrow(there)
    expect(existsSync(join(home, 'profiles'))).toBe(false)
  })

  test('of a file that is not there', async () => {
    await expect(importFromFile('/nowhere.json', newHomePath())).rejects.toThrow(
      '/nowhere.json: The file cannot be read (ENOENT).',
    )
  })

  test('while a server has the home', async () => {
    const lock = lockHome(home)
    await expect(importFromFile(path, home)).rejects.toThrow('Another Segue server uses the home')
    lock.release()
  })
})

test('what is written in another way is the same document', async () => {
  const [file, other] = [join(newTempFolder(), 'pretty.json'), newHomePath()]
  writeFileSync(file, `\ufeff${JSON.stringify(JSON.parse(whole), null, 4)}`)
  await importFromFile(file, other)
  expect(readFileSync((await exportToFile({ home: other, id: sessionId })).path, 'utf8')).toBe(whole)
})

test('an import that fails half way leaves nothing of it behind', async () => {
  const other = newHomePath()
  await importFromFile(path, other)
  // The session is deleted, and one of its messages is not.
  const database = new Database(join(other, 'segue.db'))
  database.pragma('foreign_keys = OFF')
  database.exec(
    "DELETE FROM sessions; DELETE FROM messages WHERE role = 'USER'; DELETE FROM streams; DELETE FROM blob_references",
  )
  const tables = () =>
    ['sessions', 'messages', 'streams', 'events'].map((name) => database.prepare(`SELECT * FROM ${name}`).all())
  const before = tables()
  rmSync(join(other, 'files'), { recursive: true })
  await expect(importFromFile(path, other)).rejects.toThrow(/messages 2: The id msg_\w+ already exists\.$/)
  expect(tables()).toEqual(before)
  expect(readdirSync(join(other, 'files'))).toEqual([])
  database.close()
})
