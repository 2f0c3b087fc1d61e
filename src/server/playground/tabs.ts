/** A tab as GraphiQL wants it; it is called by the name of its operation. */
export interface PlaygroundTab {
  readonly query: string
  readonly variables: string | null
}

function createTab(query: string, variables: object | null = null): PlaygroundTab {
  return { query: query.trimStart(), variables: variables && JSON.stringify(variables, null, 2) }
}

/** The tabs that the playground opens with: what people come for, ready to run. Each has one operation. */
export const playgroundTabs: readonly PlaygroundTab[] = [
  createTab(`
# Your sessions, newest activity first. To run this,
# press the button on the right, or Ctrl+Enter. None
# yet? The tab Chat makes one.
#
# Sessions with the same lineageRoot are one chat;
# segmentCount says which part of it this one is.
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
# An answer, event by event as it is made. That of
# the offline model takes about 20 seconds.
#
# Press the button again and you leave: the answer
# goes on without you. The streamId on the right is
# what the tabs Stop and Follow ask for.
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
# Stops an answer, and returns what was saved: all
# of it that anybody has seen. Put the streamId of
# the chat into the variables below.
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
# Comes back to an answer, while it is made or long
# after. It goes on behind the seq given as after; 0
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
# Continues a session of Hermes here, if it ended in
# cli_close or compression. To go on in the new one,
# give its id to the tab Chat, beside the text, as
# sessionId.
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
