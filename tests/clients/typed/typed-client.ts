import type { introspection } from './__generated__/graphql-env.d.ts'

/** A conversation as a program reads it. */
export interface ListedConversation {
  readonly title: string | null
  /** RFC 3339. */
  readonly lastActivityAt: string
}

/** An answer: what was received of it, what the server saved, and its cost. */
export interface ReceivedAnswer {
  readonly received: string
  readonly saved: string
  readonly outputTokens: number
}

/** What each program does with its client, whose types come from schema.graphql. */
export interface TypedClient extends AsyncDisposable {
  list(): Promise<readonly ListedConversation[]>
  /**
   * Sends a message in a new session, and resolves when the answer has ended.
   * @param onText What was received so far.
   */
  chat(text: string, onText?: (received: string, streamId: string) => void): Promise<ReceivedAnswer>
  /** Resolves to the outcome. */
  cancel(streamId: string): Promise<string>
}

/** @param url The endpoint, for example `http://127.0.0.1:4000/graphql`. */
export type TypedClientFactory = (url: string) => TypedClient

type EventName = introspection['types']['ChatEvent']['possibleTypes']

/** An event of an answer with a single part, as each program selects it. */
export type AnswerEvent =
  | { readonly __typename: 'StreamStarted'; readonly stream: { readonly id: string } }
  | { readonly __typename: 'TextDelta'; readonly offset: number; readonly text: string }
  | {
      readonly __typename: 'StreamFinished'
      readonly message?: { readonly text: string } | null
      readonly stream: { readonly usage: { readonly outputTokens: number } }
    }
  | { readonly __typename: Exclude<EventName, 'StreamStarted' | 'TextDelta' | 'StreamFinished'> }

/** Puts an answer together. */
export async function receiveAnswer(
  events: AsyncIterable<AnswerEvent>,
  onText: (received: string, streamId: string) => void = () => undefined,
): Promise<ReceivedAnswer> {
  let [streamId, received] = ['', '']
  for await (const event of events) {
    if (event.__typename === 'StreamStarted') streamId = event.stream.id
    if (event.__typename === 'TextDelta') {
      const { offset, text } = event
      received = received.slice(0, offset) + text + received.slice(offset + text.length)
      onText(received, streamId)
    }
    if (event.__typename === 'StreamFinished') {
      return { received, saved: event.message?.text ?? '', outputTokens: event.stream.usage.outputTokens }
    }
  }
  throw new Error('The subscription completed before the answer ended.')
}
