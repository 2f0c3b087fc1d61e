/** The tabs that the playground opens with: what people come for, ready to run. */
export const playgroundTabs: readonly { readonly query: string; readonly variables?: string }[] = [
  {
    query: `# Your sessions, newest first, each with its place in its chat.
query Sessions {
  sessions(first: 20) {
    edges {
      node {
        id
        title
        channel
        lastActivityAt
        messageCount
        segmentCount
        lineageRoot {
          id
          title
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`,
  },
  {
    query: `# An answer, event by event. Leaving does not stop it: the next tab does.
subscription Chat($input: StreamChatInput!) {
  streamChat(input: $input) {
    __typename
    seq
    streamId
    ... on ReasoningDelta {
      text
    }
    ... on TextDelta {
      text
    }
    ... on StreamFinished {
      stream {
        status
      }
      message {
        text
      }
    }
  }
}
`,
    variables: JSON.stringify({ input: { text: 'Who are you? Tell me all about yourself.' } }, null, 2),
  },
  {
    query: `# Stop: put the streamId of the chat into the variables. What was made is saved, and returned.
mutation Stop($streamId: ID!) {
  cancelStream(streamId: $streamId) {
    outcome
    lastSeq
    message {
      status
      reasoning
      text
    }
  }
}

# Which streams run now?
query Running {
  sessions(first: 5) {
    edges {
      node {
        activeStream {
          id
          status
        }
      }
    }
  }
}
`,
    variables: JSON.stringify({ streamId: 'str_…' }, null, 2),
  },
]
