import type { RequestListener } from 'node:http'
import { describe, expect, test } from 'vitest'
import { newTool } from '../../tests/support/fixtures/tools.ts'
import { startHttpServer } from '../../tests/support/server/small-server.ts'
import { startSegueWithTools } from '../../tests/support/server/segue-with-tools.ts'
import type { PendingDecisions, PendingDecisionsSnapshot, SegueClient } from '../src/index.ts'
import { catchError, collect, newClient, readUntil, transports } from './support/client.ts'
import { startTcpProxy } from '../../tests/support/server/tcp-proxy.ts'

const tool = newTool()

/** Reads the list until it has so many approvals and questions. */
async function waitForCounts(list: PendingDecisions, approvalCount: number, questionCount: number) {
  const matches = ({ approvals, clarifications, isLoading }: PendingDecisionsSnapshot): boolean =>
    !isLoading && approvals.length === approvalCount && clarifications.length === questionCount
  return (await readUntil(list, matches)).at(-1) ?? list.getSnapshot()
}

/** Starts an answer that waits for a person. Returns the id of its stream. */
async function ask(client: SegueClient, text: string): Promise<string> {
  const waits = new Set(['ApprovalChanged', 'ClarificationChanged'])
  const events = await readUntil(client.chat({ text }), ({ type }) => waits.has(type))
  return events[0]?.streamId ?? ''
}

const askForApproval = (client: SegueClient): Promise<string> => ask(client, `/tool ${tool.name} {}`)

describe.each(transports)('over %s, what waits for a person', (transport) => {
  test('is listed with what is asked, and leaves the list when it is answered', async () => {
    await using segue = await startSegueWithTools([tool])
    using client = newClient({ url: segue.url, transport })
    await ask(client, '/ask Which one?')
    const list = client.decisions()
    expect(list.getSnapshot()).toEqual({ approvals: [], clarifications: [], isLoading: true, error: null })
    const unsubscribe = list.subscribe(() => undefined)
    await waitForCounts(list, 0, 1)
    await askForApproval(client)
    const { approvals, clarifications } = await waitForCounts(list, 1, 1)
    expect(approvals).toMatchObject([{ kind: 'approval', state: 'PENDING', toolCall: { name: tool.name } }])
    expect(clarifications).toMatchObject([{ kind: 'clarification', question: 'Which one?' }])

    const approval = await client.answerApproval(approvals[0]?.id ?? '', { decision: 'DENY', reason: 'Not now.' })
    expect(approval).toMatchObject({ state: 'ANSWERED', decision: 'DENY', reason: 'Not now.' })
    await waitForCounts(list, 0, 1)
    const answered = await client.answerClarification(clarifications[0]?.id ?? '', { answer: 'That one.' })
    expect(answered).toMatchObject({ state: 'ANSWERED', answer: 'That one.' })
    await waitForCounts(list, 0, 0)
    unsubscribe()
  })

  test('has left the list after a cut in which it was answered or cancelled, and what came in it is there', async () => {
    await using segue = await startSegueWithTools([tool])
    await using proxy = await startTcpProxy(segue.url)
    using elsewhere = newClient({ url: segue.url })
    using client = newClient({ url: proxy.url, transport })
    const streamId = await ask(elsewhere, '/ask Which one?')
    await askForApproval(elsewhere)
    const list = client.decisions()
    const unsubscribe = list.subscribe(() => undefined)
    const { approvals } = await waitForCounts(list, 1, 1)

    proxy.refuseConnections()
    await elsewhere.answerApproval(approvals[0]?.id ?? '', { decision: 'ONCE' })
    await elsewhere.cancel(streamId)
    await ask(elsewhere, '/ask And now?')
    expect(list.getSnapshot().approvals).toHaveLength(1)
    proxy.acceptConnections()
    const isRight = ({ approvals: rest, clarifications }: PendingDecisionsSnapshot): boolean =>
      rest.length === 0 && clarifications.map(({ question }) => question).join() === 'And now?'
    await readUntil(list, isRight)
    unsubscribe()
  })

  test('is listed for one profile', async () => {
    await using segue = await startSegueWithTools([tool])
    using client = newClient({ url: segue.url, transport })
    await ask(client, '/ask Which one?')
    await waitForCounts(client.decisions(), 0, 1)
    await waitForCounts(client.decisions({ profile: 'other' }), 0, 0)
    expect(await catchError(collect(client.decisions({ profile: 'not a profile' })))).toMatchObject({
      code: 'BAD_USER_INPUT',
    })
  })

  test('is answered once: another answer is STALE', async () => {
    await using segue = await startSegueWithTools([tool])
    using client = newClient({ url: segue.url, transport })
    await askForApproval(client)
    const { approvals } = await waitForCounts(client.decisions(), 1, 0)
    const id = approvals[0]?.id ?? ''
    await client.answerApproval(id, { decision: 'ONCE' })
    expect(await catchError(client.answerApproval(id, { decision: 'DENY' }))).toMatchObject({ code: 'STALE' })
  })
})

test('a list of what waits that is refused in part has ended, and follows nothing any more', async () => {
  let openCount = 0
  const listener: RequestListener = ({ headers }, response) => {
    if (headers.accept !== 'text/event-stream') return void response.writeHead(401).end()
    openCount += 1
    response.on('close', () => (openCount -= 1))
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n\n')
  }
  await using server = await startHttpServer(listener)
  using client = newClient({ url: server.url, transport: 'sse' })
  const list = client.decisions()
  const unsubscribe = list.subscribe(() => undefined)
  await expect.poll(() => list.getSnapshot().error?.code).toBe('UNAUTHENTICATED')
  await expect.poll(() => openCount).toBe(0)
  unsubscribe()
})
