import { AssistantRuntimeProvider } from '@assistant-ui/react'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createSegueClient } from '../../../src/index.ts'
import { useSegueRuntime } from '../../../src/assistant-ui/index.ts'
import { Thread, ThreadList } from './assistant-ui-components.tsx'

const client = createSegueClient({ url: new URLSearchParams(location.search).get('server') ?? 'http://127.0.0.1:4000' })

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

createRoot(document.querySelector('#root') ?? document.body).render(<StrictMode children={<App />} />)
