import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { ChatClient } from '../support/clients/chat-client.ts'
import { readHome } from '../support/fixtures/read-home.ts'
import { computeDigest, type Part } from '../support/clients/reader.ts'
import { followStream, isEventOfType, loadEvents } from './support/chat.ts'
import { connect, transports } from './support/clients.ts'
import { readUntil } from './support/typed-client.ts'
import { newTempFolder, startTestSegueWithFlags, type TestSegue } from '../support/server/segue.ts'
import { importFromFile } from '../support/transfer/transfers.ts'

/**
 * Files that version 0.1.0 wrote: a home whose server was killed while it answered, the Hermes agent beside it, exports,
 * and its answers to queries. `cast` in expected.json names the sessions, `note` lists what is left out.
 */
const fixture = new URL('../support/fixtures/home-0.1/', import.meta.url).pathname
const exportsFolder = join(fixture, 'exports')

const byId = <Value extends z.ZodType>(value: Value) => z.record(z.string(), value)
const record = byId(z.unknown())
const expected = z
  .object({
    cast: byId(z.string()),
    profiles: byId(
      z.object({
        allowedTools: z.array(z.string()),
        sessions: record,
        streams: record,
        jobs: record,
        approvals: record,
        clarifications: record,
        files: record,
        found: record,
      }),
    ),
    repeats: z.array(z.object({ field: z.string(), variables: record, id: z.string() })),
    exports: byId(z.object({ profile: z.string(), sessions: byId(byId(z.string())), streams: byId(z.string()) })),
  })
  .parse(JSON.parse(readFileSync(join(fixture, 'expected.json'), 'utf8')))

/** The part of an export that the tests read. `parts` of an answer that is only in the log is empty. */
const exportForm = z.object({
  messages: z.array(
    z.object({
      id: z.string(),
      sessionId: z.string(),
      inLog: z.boolean().optional(),
      parts: z.array(z.looseObject({})),
    }),
  ),
})
const partForm = z.discriminatedUnion('type', [
  z.object({ type: z.enum(['text', 'reasoning']), text: z.string() }),
  z.object({ type: z.literal('file'), mediaType: z.string(), name: z.string().nullable(), url: z.string() }),
  z.object({
    type: z.literal('tool'),
    call: z.object({
      id: z.string(),
      name: z.string(),
      argumentsText: z.string(),
      state: z.string(),
      result: z.unknown(),
      error: z.string().nullable(),
    }),
  }),
])

/** Converts a part of an exported message to the form that the digest covers: a stored file has its public path. */
function partOf(exported: unknown, index: number, messageId: string): Part {
  const part = partForm.parse(exported)
  if (part.type === 'tool') {
    const { result, error, ...call } = part.call
    return { type: 'tool', ...call, ...(result !== null && { result }), ...(error !== null && { error }) }
  }
  if (part.type !== 'file') return part
  const { name, url, ...file } = part
  return {
    ...file,
    ...(name !== null && { name }),
    url: url.startsWith('file:') ? `/files/${messageId}/${index}` : url,
  }
}

function folder(): string {
  const path = newTempFolder()
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const serve = (home: string, ...flags: readonly string[]): Promise<TestSegue> =>
  startTestSegueWithFlags({ argv: ['--port', '0', '--home', home, '--offline-delay', '0', ...flags] })

/** Starts the server in a copy of the home of version 0.1.0. */
function serveOld(): Promise<TestSegue> {
  const [home, hermes] = [join(folder(), 'home'), join(folder(), 'hermes')]
  cpSync(join(fixture, 'home'), home, { recursive: true })
  cpSync(join(fixture, 'hermes'), hermes, { recursive: true })
  return serve(home, '--hermes-home', hermes)
}

/** Version 0.1.0 showed a withdrawn message as COMPLETE. */
const withoutNewStatuses = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value).replaceAll('"status":"WITHDRAWN"', '"status":"COMPLETE"'))

const referenceForm = z.object({ id: z.string() })
const oldSessionForm = z.looseObject({
  conversation: z.looseObject({}),
  forkedFrom: referenceForm.nullable(),
  messages: z.array(z.looseObject({ id: z.string() })),
})

/**
 * The sessions as they are shown now. Version 0.1.0 showed a turn that was tried again as a fork. It belongs to the
 * conversation now, in the place of the session that it was made from, and so do its copies.
 */
function withRetries(sessions: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { talk = '', regenerated = '', edited = '' } = expected.cast
  const changed = { ...sessions }
  if (!(talk in sessions)) return changed
  const original = oldSessionForm.parse(sessions[talk])
  const conversation = { ...original.conversation, tip: { id: edited } }
  changed[talk] = { ...original, conversation }
  for (const id of [regenerated, edited]) {
    const { forkedFrom, messages, ...session } = oldSessionForm.parse(sessions[id])
    changed[id] = {
      ...session,
      forkedFrom: null,
      retryOf: forkedFrom,
      lineageRoot: { id: talk },
      conversation,
      messages: messages.map((message, index) => Object.assign({}, message, toTry(index))),
    }
  }
  return changed

  /** The first two messages are copies, the others are one of three tries. */
  function toTry(index: number) {
    const firsts = [original, ...[regenerated, edited].map((id) => oldSessionForm.parse(sessions[id]))]
    if (index < 2) return { copyOf: { id: original.messages[index]?.id } }
    return { copyOf: null, alternatives: firsts.map(({ messages }) => ({ id: messages[index]?.id })) }
  }
}

/** Search does not find copies any more. */
function withoutCopies(found: Readonly<Record<string, unknown>>, actual: object): Record<string, unknown> {
  const copies = z
    .record(z.string(), z.object({ messages: z.array(z.looseObject({ id: z.string(), copyOf: z.unknown() })) }))
    .parse(actual)
  const ids = new Set(
    Object.values(copies).flatMap(({ messages }) => messages.flatMap(({ id, copyOf }) => (copyOf === null ? [] : id))),
  )
  return z
    .record(
      z.string(),
      z.array(z.string()).transform((list) => list.filter((id) => !ids.has(id))),
    )
    .parse(found)
}

const sorted = (ids: object): string[] => Object.keys(ids).toSorted()

test('A home that version 0.1.0 left when it was killed opens with every message, answer, job, decision and file', async () => {
  await using segue = await serveOld()
  const actual = await readHome(segue.url)
  expect(sorted(actual)).toEqual(sorted(expected.profiles))
  for (const [name, old] of Object.entries(expected.profiles)) {
    const sessions = withRetries(old.sessions)
    const profile = { ...old, sessions, found: withoutCopies(old.found, actual[name]?.sessions ?? {}) }
    for (const what of ['sessions', 'streams', 'jobs', 'approvals', 'clarifications', 'files', 'found'] as const) {
      expect(sorted(actual[name]?.[what] ?? {}), `${what} of ${name}`).toEqual(sorted(profile[what]))
      expect(withoutNewStatuses(actual[name]?.[what]), `${what} of ${name}`).toMatchObject(profile[what])
    }
    expect(actual[name]?.allowedTools).toEqual(profile.allowedTools)
  }
})

test('The log of each answer of version 0.1.0 folds to its message', async () => {
  await using segue = await serveOld()
  for (const { sessions, streams } of Object.values(await readHome(segue.url))) {
    const messages = Object.values(sessions).flatMap((session) => session.messages)
    const digests = new Map(messages.map(({ id, digest }) => [id, digest]))
    const answers = Object.values(streams).filter(({ message }) => message !== null)
    expect(answers.length).toBeGreaterThan(5)
    for (const { id, message, logDigest } of answers)
      expect([id, logDigest]).toEqual([id, digests.get(message?.id ?? '')])
  }
})

test.each(transports)(
  'The steps of answers of version 0.1.0 are counted by their tool calls, and their times are null, over %s',
  async (transport) => {
    await using segue = await serveOld()
    await using client = connect(transport, segue.url)
    const sessionId = expected.cast['reasoningAndTools'] ?? ''
    const events = await loadEvents(client, sessionId)
    const ends = events.filter(isEventOfType('StreamFinished'))
    expect(ends.length).toBeGreaterThan(0)
    for (const { stream, message } of ends) {
      const parts = message?.parts ?? []
      let step = 0
      for (const [index, { type, ...part }] of parts.entries()) {
        if (index > 0 && parts[index - 1]?.type === 'ToolCallPart' && type !== 'ToolCallPart') step += 1
        expect(part).toMatchObject({ step, startedAt: null, endedAt: null })
      }
      const { received } = await readUntil(followStream(client, stream.id), isEventOfType('StreamFinished'))
      const deltas = received.flatMap((event) => ('startedAt' in event && 'partIndex' in event ? event : []))
      expect(deltas.length).toBeGreaterThan(0)
      for (const { partIndex, step: ofDelta, startedAt } of deltas)
        expect([ofDelta, startedAt]).toEqual([parts[partIndex]?.step, null])
    }
    expect(ends.flatMap(({ message }) => message?.parts ?? []).some(({ step }) => step > 0)).toBe(true)
  },
)

test('What version 0.1.0 counted for each session, with its title and summary, is in the sums', async () => {
  await using segue = await serveOld()
  await using client = new ChatClient(segue.url)
  const figures = z.object({ inputTokens: z.number(), outputTokens: z.number() })
  const countedForm = z.object({
    sessions: z.object({
      edges: z.array(z.object({ node: z.object({ id: z.string(), usage: figures }) })),
    }),
    usage: z.array(z.object({ group: z.string().nullable(), usage: figures })),
  })
  for (const profile of Object.keys(expected.profiles)) {
    const answer = await client.ask(
      `query ($profile: String) {
        sessions(first: 1000, filter: { profile: $profile, origin: SEGUE }) {
          edges { node { id usage { inputTokens outputTokens } } }
        }
        usage(profile: $profile, from: "2020-01-01T00:00:00Z", groupBy: SESSION, first: 1000) {
          group
          usage { inputTokens outputTokens }
        }
      }`,
      { profile },
    )
    const { sessions, usage: sums } = countedForm.parse(answer)
    const counted = sessions.edges.flatMap(({ node: { id, usage } }): [string, object][] =>
      usage.inputTokens > 0 ? [[id, usage]] : [],
    )
    expect(counted.length).toBeGreaterThan(0)
    expect(Object.fromEntries(sums.map(({ group, usage }) => [group, usage]))).toMatchObject(
      Object.fromEntries(counted),
    )
  }
})

test('A repeated request that version 0.1.0 answered returns the same stream', async () => {
  await using segue = await serveOld()
  await using client = new ChatClient(segue.url)
  const queries: Record<string, string> = {
    startChat: 'mutation ($input: StreamChatInput!) { result: startChat(input: $input) { id } }',
    regenerate: `mutation ($messageId: ID!, $text: String, $key: String) {
      result: regenerate(messageId: $messageId, text: $text, key: $key) { id } }`,
    compactSession: 'mutation ($id: ID!, $key: String) { result: compactSession(id: $id, key: $key) { id } }',
  }
  expect(new Set(expected.repeats.map(({ field }) => field)).size).toBe(3)
  for (const { field, variables, id } of expected.repeats) {
    expect(await client.ask(queries[field] ?? '', variables)).toEqual({ result: { id } })
  }
})

test('Every export of version 0.1.0 is imported into an empty home with its messages', async () => {
  const home = join(folder(), 'home')
  const files = readdirSync(exportsFolder)
  expect(files.toSorted()).toEqual(sorted(expected.exports))
  for (const [file, { profile }] of Object.entries(expected.exports)) {
    await importFromFile(join(exportsFolder, file), home, profile)
  }
  await using segue = await serve(home, '--no-hermes')
  const actual = await readHome(segue.url)
  for (const [file, { profile, sessions, streams }] of Object.entries(expected.exports)) {
    for (const [id, digests] of Object.entries(sessions)) {
      const messages = actual[profile]?.sessions[id]?.messages ?? []
      expect([file, messages.map((message) => [message.id, message.digest])]).toEqual([file, Object.entries(digests)])
    }
    for (const [id, status] of Object.entries(streams)) {
      expect(actual[profile]?.streams[id]).toMatchObject({ id, status })
    }
    const document = exportForm.parse(JSON.parse(readFileSync(join(exportsFolder, file), 'utf8')))
    for (const { id, sessionId, inLog, parts } of document.messages) {
      if (inLog) continue
      const digest = computeDigest(parts.map((part, index) => partOf(part, index, id)))
      expect([id, sessions[sessionId]?.[id]]).toEqual([id, digest])
    }
  }
})
