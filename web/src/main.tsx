import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { SegueProvider } from 'segue-client/react'
import { App } from './app/app.tsx'
import { segue } from './app/segue.ts'
import { startServiceWorker } from './offline/start-service-worker.ts'
import { tellRendering } from './graphql/page-shown.ts'
import { followSignOut } from './graphql/sign-out-channel.ts'
import { snapshotStorage } from './graphql/snapshot-storage.ts'
import './styles/tokens.css'
import './styles/base.css'

const root = document.getElementById('root')
if (!root) throw new Error('The page has no element with the id root.')
createRoot(root).render(
  <StrictMode>
    <SegueProvider client={segue} storage={snapshotStorage}>
      <App />
    </SegueProvider>
  </StrictMode>,
)
tellRendering()
startServiceWorker()
followSignOut()
