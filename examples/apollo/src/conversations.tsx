import { gql, type TypedDocumentNode } from '@apollo/client'
import { useQuery, useSubscription } from '@apollo/client/react'

interface ConversationList {
  readonly conversations: {
    readonly edges: readonly {
      readonly node: { readonly id: string; readonly title: string | null; readonly tip: { readonly id: string } }
    }[]
  }
}

const list: TypedDocumentNode<ConversationList> = gql`
  query Conversations {
    conversations(first: 50) {
      edges {
        node {
          id
          title
          tip {
            id
          }
        }
      }
    }
  }
`

const changes = gql`
  subscription ConversationsChanged {
    conversationsChanged {
      kind
      conversationId
    }
  }
`

/** The live list: it is read when READY says that the subscription has begun, also after a lost connection, and with each change. */
export function Conversations() {
  // Not together with a read that is under way: that may be older than the change.
  const { data, refetch } = useQuery(list, { context: { queryDeduplication: false } })
  useSubscription(changes, { onData: () => void refetch() })
  return (
    <nav aria-label="Conversations">
      <a href="#">New chat</a>
      <ul>
        {data?.conversations.edges.map(({ node }) => (
          <li key={node.id}>
            <a href={`#${node.tip.id}`}>{node.title ?? 'Untitled'}</a>
          </li>
        ))}
      </ul>
    </nav>
  )
}
