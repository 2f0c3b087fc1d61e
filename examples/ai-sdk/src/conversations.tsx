import { useConversations } from 'segue-client/react'

/** The live list. Each link leads to the session that continues the conversation. */
export function Conversations() {
  const { conversations, hasMore, loadMore } = useConversations()
  return (
    <nav aria-label="Conversations">
      <a href="#">New chat</a>
      <ul>
        {conversations.map(({ id, title, tip }) => (
          <li key={id}>
            <a href={`#${tip.id}`}>{title ?? 'Untitled'}</a>
          </li>
        ))}
      </ul>
      {hasMore && <button onClick={() => void loadMore()}>More</button>}
    </nav>
  )
}
