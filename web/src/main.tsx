import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { preloadConversations, SegueProvider } from 'segue-client/react'
import { App } from './app/app.tsx'
import { segue } from './app/segue.ts'
import { startServiceWorker } from './offline/start-service-worker.ts'
import { whenIdle } from './graphql/when-idle.ts'
import { snapshotStorage } from './graphql/snapshot-storage.ts'
import { listFirstFilters } from './sidebar/list/use-chat-sections.ts'
import './styles/tokens.css'
import './styles/base.css'

const root = document.getElementById('root')
if (!root) throw new Error('The page has no element with the id root.')
// The server reads the first chats while the page is rendered.
const stops = listFirstFilters().map((filter) => preloadConversations(segue, filter, snapshotStorage))
void whenIdle().then(() => stops.forEach((stop) => stop()))
createRoot(root).render(
  <StrictMode>
    <SegueProvider client={segue} storage={snapshotStorage}>
      <App />
    </SegueProvider>
  </StrictMode>,
)
startServiceWorker()
