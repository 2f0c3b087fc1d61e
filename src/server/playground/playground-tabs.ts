/** A tab of GraphiQL. Its title is the name of its operation. */
export interface PlaygroundTab {
  readonly query: string
  readonly variables: string | null
}

function createTab(query: string, variables: object | null = null): PlaygroundTab {
  return { query: query.trimStart(), variables: variables && JSON.stringify(variables, null, 2) }
}

/** The tabs that the playground opens with: the most common operations, ready to run. Each has one operation. */
export const playgroundTabs: readonly PlaygroundTab[] = [
  createTab(`
# Your sessions, the latest activity first. To run
# this, press the button on the right, or Ctrl+Enter.
# If there are none yet, the tab Chat creates one.
#
# Sessions with the same lineageRoot are one chat.
# segmentCount is the position of a session in it.
query Sessions {
  sessions(first: 20) {
    edges {
      node {
        id
        title
        channel
        endReason
        lastActivityAt
        messageCount
        segmentCount
        lineageRoot { id title }
        activeStream { id }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
`),
  createTab(
    `
# Streams an answer, event by event. The offline
# model takes about 20 seconds.
#
# Press the button again to unsubscribe: the answer
# continues. The tabs Stop and Follow need the
# streamId from the response.
subscription Chat($input: StreamChatInput!) {
  streamChat(input: $input) {
    __typename
    streamId
    seq
    ... on ReasoningDelta { text }
    ... on TextDelta { text }
    ... on StreamFinished {
      stream { status }
      message { id text }
    }
  }
}
`,
    { input: { text: 'Who are you? Tell me all about yourself.' } },
  ),
  createTab(
    `
# Stops an answer, and returns what was saved:
# everything that any client has received. Put the
# streamId of the chat into the variables below.
mutation Stop($streamId: ID!) {
  cancelStream(streamId: $streamId) {
    outcome
    lastSeq
    message {
      id
      status
      reasoning
      text
    }
  }
}
`,
    { streamId: 'str_…' },
  ),
  createTab(
    `
# Resumes an answer, during the stream or long
# after it. It continues after the seq in after; 0
# is the start.
subscription Follow($streamId: ID!, $after: Int) {
  followStream(streamId: $streamId, after: $after) {
    __typename
    seq
    ... on ReasoningDelta { text }
    ... on TextDelta { text }
    ... on StreamFinished {
      stream { status }
      message { id text }
    }
  }
}
`,
    { streamId: 'str_…', after: 0 },
  ),
  createTab(
    `
# Continues a Hermes session in Segue, if it ended
# in cli_close or compression. To chat in the new
# session, add its id to the input of the tab Chat,
# as sessionId.
mutation Continue($input: CreateSessionInput!) {
  createSession(input: $input) {
    id
    title
    segmentCount
    lineageRoot { id }
  }
}
`,
    { input: { continues: 'the id of a session' } },
  ),
]
