import { z } from 'zod'
import { waitUntil } from '../../support/wait-until.ts'
import { type ServerUnderTest, toolName } from './server-under-test.ts'

const startedSchema = z.object({
  started: z.object({
    id: z.string(),
    session: z.object({ id: z.string() }),
    userMessage: z.object({ id: z.string() }),
  }),
})
const startedFields = '{ id session { id } userMessage { id } }'
type StartedStream = z.output<typeof startedSchema>['started']

/** What happens on the server through another client than the tested one. */
export class ChatsElsewhere {
  readonly #server: ServerUnderTest

  constructor(server: ServerUnderTest) {
    this.#server = server
  }

  /** Starts an answer. */
  async start(text: string, sessionId?: string): Promise<StartedStream> {
    const data = await this.#server.ask(
      `mutation ($input: StreamChatInput!) { started: startChat(input: $input) ${startedFields} }`,
      { input: { text, sessionId } },
    )
    return startedSchema.parse(data).started
  }

  /** Has a chat with one short answer. Resolves to the session's id. */
  async chat(text: string): Promise<string> {
    const { id, session } = await this.start(text)
    await this.waitForStream(id, 'COMPLETED')
    return session.id
  }

  /** Has a chat that is compacted and continued. Resolves to the id of the session that continues it. */
  async chatAcrossCompaction(before: string, after: string): Promise<string> {
    const compacted = await this.#compact(await this.chat(before))
    const { id } = await this.start(after, compacted)
    await this.waitForStream(id, 'COMPLETED')
    return compacted
  }

  async waitForStream(id: unknown, status: string): Promise<void> {
    await this.#waitForValue(
      'query ($id: ID!) { stream(id: $id) { status } }',
      { id },
      (data) => z.object({ stream: z.object({ status: z.literal(status) }) }).safeParse(data).success,
    )
  }

  async readHeadSeq(id: string): Promise<number> {
    const data = await this.#server.ask('query ($id: ID!) { session(id: $id) { headSeq } }', { id })
    return z.object({ session: z.object({ headSeq: z.int() }) }).parse(data).session.headSeq
  }

  async answerApproval(id: unknown): Promise<void> {
    await this.#server.ask('mutation ($id: ID!) { answerApproval(id: $id, decision: ONCE) { id } }', { id })
  }

  /** A call of the model's tool for questions. */
  newQuestion(question: string) {
    return { id: 'call_2', name: 'clarify', arguments: [JSON.stringify({ question })] }
  }

  /** Waits until a question is pending. Resolves to its id. */
  waitForQuestion(): Promise<string> {
    return this.#waitForDecision('clarifications')
  }

  async answerQuestion(id: string): Promise<void> {
    await this.#server.ask('mutation ($id: ID!) { answerClarification(id: $id, answer: "This one.") { id } }', { id })
  }

  /**
   * A session with an answer that called tools, one that was cancelled, and one that was tried again in another session;
   * and a session that was compacted. Resolves to the ids of the sessions and of the streams.
   */
  async makeHistory(): Promise<{ readonly sessionIds: readonly string[]; readonly streamIds: readonly string[] }> {
    const { provider, ask } = this.#server
    const toolCall = { id: 'call_1', name: toolName, arguments: ['{', '}'] }
    provider.enqueue([{ reasoning: 'Let me see.' }, { text: 'Wait.' }, { toolCall }, { finish: 'tool_calls' }])
    provider.enqueue([{ toolCall: this.newQuestion('Which?') }, { finish: 'tool_calls' }])
    provider.enqueue([{ text: 'Here ' }, { text: 'it is.' }, { finish: 'stop' }, { usage: { input: 10, output: 5 } }])
    const first = await this.start('Which process?')
    const sessionId = first.session.id
    await this.answerApproval(await this.#waitForDecision('approvals'))
    await this.answerQuestion(await this.waitForQuestion())
    await this.waitForStream(first.id, 'COMPLETED')

    provider.enqueue([{ text: 'One half' }, { wait: new Promise(() => undefined) }])
    const second = await this.start('Talk.', sessionId)
    await this.#waitForText(second.id)
    await ask('mutation ($id: ID!) { cancelStream(streamId: $id) { outcome } }', { id: second.id })

    const third = await this.#tryAgain(second.userMessage.id)
    await ask('mutation ($id: ID!) { updateSession(id: $id, input: { title: "Processes" }) { id } }', {
      id: third.session.id,
    })

    const compacted = await this.#compact(third.session.id)
    return {
      sessionIds: [sessionId, third.session.id, compacted],
      streamIds: [first.id, second.id, third.id],
    }
  }

  /** Changes the list in every way: conversations are new, renamed, pinned, deleted, continued, tried again and forked. */
  async changeList(): Promise<void> {
    const { ask } = this.#server
    const [renamed, pinned, deleted, compacted, continued] = await this.#listConversations()
    await this.chat('A new conversation.')
    const update =
      'mutation ($id: ID!, $input: UpdateConversationInput!) { updateConversation(id: $id, input: $input) { id } }'
    await ask(update, { id: renamed?.id, input: { title: 'Another title' } })
    await ask(update, { id: pinned?.id, input: { pinned: true } })
    await ask('mutation ($id: ID!) { deleteConversation(id: $id) }', { id: deleted?.id })
    await this.#compact(compacted?.tip.id ?? '')
    const { id, userMessage } = await this.start('Go on.', continued?.tip.id)
    await this.waitForStream(id, 'COMPLETED')
    await this.#tryAgain(userMessage.id)
    await ask('mutation ($id: ID!) { forkSession(messageId: $id) { id } }', { id: userMessage.id })
  }

  /** Has the turn of a message answered again, in another session of its conversation. */
  async #tryAgain(messageId: string): Promise<StartedStream> {
    const text = `mutation ($messageId: ID!) { started: regenerate(messageId: $messageId) ${startedFields} }`
    const { started } = startedSchema.parse(await this.#server.ask(text, { messageId }))
    await this.waitForStream(started.id, 'COMPLETED')
    return started
  }

  async #listConversations() {
    const data = await this.#server.ask('{ conversations { edges { node { id tip { id } } } } }')
    const node = z.object({ id: z.string(), tip: z.object({ id: z.string() }) })
    const schema = z.object({ conversations: z.object({ edges: z.array(z.object({ node })) }) })
    return schema.parse(data).conversations.edges.map((edge) => edge.node)
  }

  /** Resolves to the id of the session that continues it. */
  async #compact(id: string): Promise<string> {
    this.#server.provider.enqueue('A summary.')
    const data = await this.#server.ask('mutation ($id: ID!) { compactSession(id: $id) { id } }', { id })
    return z.object({ compactSession: z.object({ id: z.string() }) }).parse(data).compactSession.id
  }

  async #waitForText(streamId: string): Promise<void> {
    await this.#waitForValue(
      'query ($id: ID!) { stream(id: $id) { message { text } } }',
      { id: streamId },
      (data) =>
        z.object({ stream: z.object({ message: z.object({ text: z.string().min(1) }) }) }).safeParse(data).success,
    )
  }

  /** Waits until one decision is pending. Resolves to its id. */
  async #waitForDecision(field: 'approvals' | 'clarifications'): Promise<string> {
    const schema = z.object({ pending: z.tuple([z.object({ id: z.string() })]) })
    const data = await this.#waitForValue(`{ pending: ${field} { id } }`, {}, (each) => schema.safeParse(each).success)
    return schema.parse(data).pending[0].id
  }

  /** Asks until the result is the expected one. */
  async #waitForValue(query: string, variables: object, isExpected: (data: unknown) => boolean): Promise<unknown> {
    let data: unknown
    let pending = Promise.resolve()
    await waitUntil(() => {
      if (isExpected(data)) return true
      pending = pending.then(async () => {
        if (!isExpected(data)) data = await this.#server.ask(query, variables)
      })
      return false
    })
    return data
  }
}
