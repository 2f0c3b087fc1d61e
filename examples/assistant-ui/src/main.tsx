import { AssistantRuntimeProvider } from '@assistant-ui/react'
import { createRoot } from 'react-dom/client'
import { createSegueClient } from 'segue-client'
import { useSegueRuntime } from 'segue-client/assistant-ui'
import { Thread, ThreadList } from './components.tsx'

const client = createSegueClient({ url: import.meta.env.VITE_SEGUE_URL ?? 'http://127.0.0.1:4000' })

function App() {
  const runtime = useSegueRuntime({
    client,
    sessionId: location.hash.slice(1) || null,
    onSessionChange: (id) => history.replaceState(null, '', `#${id ?? ''}`),
  })
  return (
    <AssistantRuntimeProvider runtime={runtime}>
      <ThreadList />
      <Thread />
    </AssistantRuntimeProvider>
  )
}

createRoot(document.querySelector('#root') ?? document.body).render(<App />)
