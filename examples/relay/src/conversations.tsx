import { useEffect } from 'react'
import { fetchQuery, graphql, requestSubscription, useLazyLoadQuery, useRelayEnvironment } from 'react-relay'
import type { conversationsChangedSubscription } from './__generated__/conversationsChangedSubscription.graphql.ts'
import type { conversationsQuery } from './__generated__/conversationsQuery.graphql.ts'

const list = graphql`
  query conversationsQuery {
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

const changes = graphql`
  subscription conversationsChangedSubscription {
    conversationsChanged {
      kind
      conversationId
    }
  }
`

/** The live list: it is read when READY says that the subscription has begun, also after a lost connection, and with each change. */
export function Conversations() {
  const environment = useRelayEnvironment()
  const { conversations } = useLazyLoadQuery<conversationsQuery>(list, {})

  useEffect(() => {
    let [changeCount, isReading] = [0, false]
    const read = async () => {
      changeCount += 1
      // What changes meanwhile is read after that: the result can be older.
      if (isReading) return
      isReading = true
      for (let readCount = 0; readCount !== changeCount;) {
        readCount = changeCount
        await fetchQuery(environment, list, {}).toPromise()
      }
      isReading = false
    }
    const subscription = { subscription: changes, variables: {}, onNext: () => void read() }
    return requestSubscription<conversationsChangedSubscription>(environment, subscription).dispose
  }, [environment])

  return (
    <nav aria-label="Conversations">
      <a href="#">New chat</a>
      <ul>
        {conversations.edges.map(({ node }) => (
          <li key={node.id}>
            <a href={`#${node.tip.id}`}>{node.title ?? 'Untitled'}</a>
          </li>
        ))}
      </ul>
    </nav>
  )
}
