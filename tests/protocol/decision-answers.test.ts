import { expect, test } from 'vitest'
import { z } from 'zod'
import { ChatClient } from '../support/clients/chat-client.ts'
import { EventReader } from '../support/clients/reader.ts'
import { newTool } from '../support/fixtures/tools.ts'
import { startSegueWithTools } from '../support/server/segue-with-tools.ts'

const inputSchema = { type: 'object', properties: { n: { type: 'integer' } } }
const badInput = { extensions: { code: 'BAD_USER_INPUT' } }
const stale = { extensions: { code: 'STALE' } }

const pendingSchema = z.object({ decided: z.array(z.object({ id: z.string() }).loose()) })

/** The pending decisions of a kind, once there are `count` of them. */
async function loadPending(client: ChatClient, kind: 'approvals' | 'clarifications', count = 1) {
  const changes = client.subscribe(`subscription { ${kind} { id } }`, {})
  for (let seen = 0; seen < count; seen += 1) await changes.next()
  await changes.return(undefined)
  const fields =
    kind === 'approvals'
      ? 'id description stream { id } toolCall { argumentsText }'
      : 'id question form toolCall { state } stream { status }'
  return pendingSchema.parse(await client.ask(`{ decided: ${kind} { ${fields} } }`)).decided
}

const approvalFields = '{ id state decision arguments reason releasedBy { id } toolCall { arguments } }'
const answerApproval = (client: ChatClient, id: string | undefined, args: string) =>
  client.ask(`mutation { decided: answerApproval(id: "${id}", ${args}) ${approvalFields} }`)
const answerClarification = (client: ChatClient, id: string | undefined, args: string) =>
  client.ask(`mutation { decided: answerClarification(id: "${id}", ${args}) { state answer declined } }`)

test('D5 the tool runs with the arguments of an answer; those that its schema does not allow are refused', async () => {
  const tool = newTool({ inputSchema })
  await using segue = await startSegueWithTools([tool])
  await using client = new ChatClient(segue.url)
  const { id } = await client.start({ text: '/tool files__write {"n":1}' })
  const [approval] = await loadPending(client, 'approvals')
  const refused = ['decision: ONCE, arguments: {n: "two"}', 'decision: DENY, arguments: {n: 2}']
  for (const args of refused) await expect(answerApproval(client, approval?.id, args)).rejects.toMatchObject(badInput)
  expect(
    await answerApproval(client, approval?.id, 'decision: ONCE, arguments: {n: 2}, reason: "Enough"'),
  ).toMatchObject({
    decided: { state: 'ANSWERED', arguments: { n: 2 }, reason: 'Enough', toolCall: { arguments: { n: 1 } } },
  })
  const { message } = await new EventReader(client.followStream(id)).readUntilType('StreamFinished')
  expect(tool.runs).toEqual([{ n: 2 }])
  expect(JSON.stringify(message)).toContain('Enough')
})

test('D6 SESSION and ALWAYS settle the pending approvals of the tool, and say by which one', async () => {
  const tool = newTool({ inputSchema })
  await using segue = await startSegueWithTools([tool])
  await using client = new ChatClient(segue.url)
  const streams = [await client.start({ text: '/tool files__write {"n":1}' })]
  streams.push(await client.start({ text: '/tool files__write {"n":2}' }))
  const [first, second] = await loadPending(client, 'approvals', 2)
  await answerApproval(client, first?.id, 'decision: ALWAYS, arguments: {n: 9}')
  expect(await client.ask(`{ node(id: "${second?.id}") { ... on Approval ${approvalFields} } }`)).toMatchObject({
    node: { state: 'ANSWERED', decision: 'ALWAYS', arguments: null, releasedBy: { id: first?.id } },
  })
  await expect(answerApproval(client, second?.id, 'decision: DENY')).rejects.toMatchObject(stale)
  for (const { id } of streams) await new EventReader(client.followStream(id)).readUntilType('StreamFinished')
  expect(tool.runs.map(({ n }) => n).toSorted()).toEqual([2, 9])
})

test('D7 D8 a form is answered with values that it allows, while the call of the tool that asks runs', async () => {
  await using segue = await startSegueWithTools([], { limits: { toolSeconds: 0.2 } })
  await using client = new ChatClient(segue.url)
  const { id } = await client.start({ text: '/form Where to? | city: Oslo, Rome' })
  const [question] = await loadPending(client, 'clarifications')
  expect(question).toMatchObject({
    question: 'Where to?',
    form: { properties: { city: { enum: ['Oslo', 'Rome'] } } },
    toolCall: { state: 'RUNNING' },
    stream: { status: 'WAITING' },
  })
  const refused = ['answer: "Oslo"', 'values: {city: "Bern"}', 'values: {city: "Oslo"}, decline: true', 'answer: null']
  for (const args of refused)
    await expect(answerClarification(client, question?.id, args)).rejects.toMatchObject(badInput)
  expect(await answerClarification(client, question?.id, 'values: {city: "Oslo"}')).toEqual({
    decided: { state: 'ANSWERED', answer: '{"city":"Oslo"}', declined: false },
  })
  const { message } = await new EventReader(client.followStream(id)).readUntilType('StreamFinished')
  const calls = message?.parts.flatMap((part) => (part.type === 'ToolCallPart' ? [part.toolCall] : []))
  expect(calls).toMatchObject([{ state: 'SUCCEEDED', result: { city: 'Oslo' } }])
})

test('D8 a question of a tool that expires is cancelled for the tool, whose call goes on', async () => {
  await using segue = await startSegueWithTools([], { limits: { decisionSeconds: 0.2 } })
  await using client = new ChatClient(segue.url)
  const { id } = await client.start({ text: '/form Where to? | city' })
  const { message } = await new EventReader(client.followStream(id)).readUntilType('StreamFinished')
  const calls = message?.parts.flatMap((part) => (part.type === 'ToolCallPart' ? [part.toolCall] : []))
  expect(calls).toMatchObject([{ state: 'SUCCEEDED', result: 'The form was cancelled.' }])
})

test('D9 invisible characters of the model are escaped in sentences for people', async () => {
  await using segue = await startSegueWithTools([newTool()])
  await using client = new ChatClient(segue.url)
  await client.start({ text: '/tool files__write {"a":"\u202e\u{e0041}"}\n/ask Wh\u200bich?' })
  const [approval] = await loadPending(client, 'approvals')
  expect(approval).toMatchObject({
    description: String.raw`Run files__write with {"a":"\u202e\u{e0041}"}`,
    toolCall: { argumentsText: '{"a":"\u202e\u{e0041}"}' },
  })
  expect(await loadPending(client, 'clarifications')).toMatchObject([{ question: String.raw`Wh\u200bich?` }])
})

test('D11 a pattern narrows ALWAYS to calls with such arguments, until it is forgotten', async () => {
  const tool = newTool({ inputSchema: { type: 'object' } })
  await using segue = await startSegueWithTools([tool])
  await using client = new ChatClient(segue.url)
  const write = (path: string) => client.start({ text: `/tool files__write {"path":"${path}"}` })
  const streams = [await write('notes/a'), await write('notes/b'), await write('notes/../c')]
  const pending = await loadPending(client, 'approvals', 3)
  const findApproval = (path: string) => pending.find((approval) => JSON.stringify(approval).includes(path))
  await answerApproval(client, findApproval('notes/a')?.id, 'decision: ALWAYS, pattern: {path: "notes/*"}')
  expect(await loadPending(client, 'approvals')).toEqual([findApproval('notes/../c')])
  const { profile } = z
    .object({ profile: z.object({ approvalRules: z.tuple([z.object({ id: z.string() })]) }) })
    .parse(await client.ask('{ profile(name: "default") { approvalRules { id } } }'))
  await client.ask(`mutation { forgetApproval(id: "${profile.approvalRules[0].id}") { id } }`)
  streams.push(await write('notes/d'))
  await loadPending(client, 'approvals', 2)
  for (const { id } of streams.slice(2)) await client.ask(`mutation { cancelStream(streamId: "${id}") { outcome } }`)
  for (const { id } of streams) await new EventReader(client.followStream(id)).readUntilType('StreamFinished')
  expect(tool.runs.map(({ path }) => path).toSorted()).toEqual(['notes/a', 'notes/b'])
})
