import type { SegueClient } from '../../client/src/index.ts'

/** Chats that are answered, oldest first. */
const answered = [
  { title: 'Which birds are back?', text: 'I saw a stork today.' },
  { title: 'A present for Ada', text: 'I am looking for a present.' },
  { title: 'Refactor the parser', text: 'My parser makes me sad.' },
  { title: 'Notes of the meeting', text: 'We talked about the harbour.' },
]

/** Sends a message in a new chat. Resolves when it is answered, or waits for a person. */
async function startChat(client: SegueClient, title: string, text: string, model?: string): Promise<string> {
  const { id: sessionId } = await client.createSession({ title, ...(model !== undefined && { model }) })
  for await (const { type } of client.chat({ sessionId, text }))
    if (type === 'ApprovalChanged' || type === 'ClarificationChanged') break
  return sessionId
}

export interface DemoChats {
  readonly answered: string
  readonly approval: string
  readonly failed: string
}

/** Fills a server with chats and jobs. Returns the sessions that are shown. */
export async function makeDemoChats(client: SegueClient): Promise<DemoChats> {
  for (const { title, text } of answered) await startChat(client, title, text, 'offline/eliza')
  const failed = await startChat(client, 'Translate the letter', 'Translate this letter, please.', 'demo/refused')
  const question = '/ask Which harbour do you mean? | Malmö | Copenhagen | Gothenburg'
  await startChat(client, 'Book the ferry', question, 'offline/eliza')
  const approval = await startChat(client, 'Who begins?', '/tool roll_dice {"count": 2}', 'offline/eliza')
  const trip = await startChat(client, 'Two days in Malmö', 'I have two days in Malmö. What is worth it?', 'demo/trip')
  await client.request('mutation ($input: CreateJobInput!) { createJob(input: $input) { id } }', {
    input: { name: 'Morning news', prompt: 'What is new?', schedule: '30 7 * * 1-5', model: 'demo/trip' },
  })
  const { createJob } = await client.request<{ readonly createJob: { readonly id: string } }>(
    'mutation ($input: CreateJobInput!) { createJob(input: $input) { id } }',
    {
      input: { name: 'Tidy the notes', prompt: 'Which notes are old?', schedule: '0 18 * * 5', model: 'offline/eliza' },
    },
  )
  await client.request('mutation ($id: ID!) { runJob(id: $id) { __typename } }', { id: createJob.id })
  return { answered: trip, approval, failed }
}
