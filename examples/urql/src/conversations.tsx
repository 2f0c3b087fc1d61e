import { gql, type TypedDocumentNode, useQuery, useSubscription } from 'urql'

interface ListedConversation {
  readonly id: string
  readonly title: string | null
  readonly tip: { readonly id: string }
}
interface ConversationList {
  readonly conversations: { readonly edges: readonly { readonly node: ListedConversation }[] }
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
  const [{ data }, read] = useQuery({ query: list })
  useSubscription({ query: changes }, (_, change) => {
    read({ requestPolicy: 'network-only' })
    return change
  })
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
