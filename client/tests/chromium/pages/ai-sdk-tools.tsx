import { StrictMode, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { useSegueChat } from '../../../src/ai-sdk/index.ts'
import { createSegueClient } from '../../../src/index.ts'

const client = createSegueClient({ url: new URLSearchParams(location.search).get('server') ?? '' })

function Chat() {
  const chat = useSegueChat({ client, id: location.hash.slice(1) })
  const parts = chat.messages.flatMap((message) =>
    message.parts.map((part, index) => ({ part, key: `${message.id} ${index}` })),
  )
  return (
    <main data-status={chat.isLoading ? 'loading' : chat.status}>
      <button onClick={() => void chat.sendMessage({ text: '/tool files__write {}' })}>Write</button>
      <button onClick={() => void chat.sendMessage({ text: '/ask Which one?' })}>Ask</button>
      <button onClick={() => void chat.regenerate()}>Again</button>
      {parts.map(({ part, key }) => {
        if (part.type === 'text') return <p key={key}>{part.text}</p>
        if (part.type === 'data-clarification') {
          const answer = () => void chat.answerClarification(part.id ?? '', { answer: 'This one.' })
          return <button key={key} onClick={answer}>{`${part.data.question} ${part.data.state}`}</button>
        }
        if (part.type !== 'dynamic-tool') return null
        const id = part.approval?.id ?? ''
        const respond = (approved: boolean) => () =>
          void chat.addToolApprovalResponse({ id, approved, reason: 'Because.' })
        return (
          <section key={key} aria-label={part.state}>
            <button onClick={respond(true)}>Allow</button>
            <button onClick={respond(false)}>Deny</button>
          </section>
        )
      })}
    </main>
  )
}

function Page() {
  const [isShown, show] = useState(true)
  return (
    <>
      <button onClick={() => show(!isShown)}>Leave</button>
      {isShown ? <Chat /> : null}
    </>
  )
}

createRoot(document.querySelector('#root') ?? document.body).render(
  <StrictMode>
    <Page />
  </StrictMode>,
)
