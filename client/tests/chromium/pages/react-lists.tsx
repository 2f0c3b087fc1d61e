import { createRoot } from 'react-dom/client'
import { createSegueClient } from '../../../src/index.ts'
import { SegueProvider, useConnection, useConversations, usePendingDecisions } from '../../../src/react/index.ts'

const client = createSegueClient({ url: new URLSearchParams(location.search).get('server') ?? '' })

function Connection() {
  const { isLost } = useConnection()
  return <output>{isLost ? 'Connection lost' : 'Connected'}</output>
}

function Conversations() {
  const { conversations, hasMore, loadMore } = useConversations({ archived: false })
  return (
    <nav>
      {conversations.map(({ id, title }) => (
        <p key={id}>{title}</p>
      ))}
      {hasMore ? <button onClick={() => void loadMore()}>More</button> : null}
    </nav>
  )
}

function Decisions() {
  const { approvals, clarifications, answerApproval } = usePendingDecisions()
  return (
    <section>
      {approvals.map(({ id, description }) => (
        <p key={id}>
          {description}
          <button onClick={() => void answerApproval(id, { decision: 'ONCE' })}>Allow</button>
        </p>
      ))}
      {clarifications.map(({ id, question }) => (
        <p key={id}>{question}</p>
      ))}
    </section>
  )
}

createRoot(document.querySelector('#root') ?? document.body).render(
  <SegueProvider client={client}>
    <Connection />
    <Conversations />
    <Decisions />
  </SegueProvider>,
)
