import { Notices } from '../notices/notices.tsx'
import { type ComponentType, lazy, Suspense } from 'react'
import { usePathname } from 'wouter/use-browser-location'
import { Sidebar } from '../sidebar/sidebar.tsx'
import { ChatView } from '../chat/chat-view.tsx'
import { ErrorBoundary } from '../components/errors/error-boundary.tsx'
import { FailedView } from '../components/errors/failed-view.tsx'
import { whenPageShown } from '../graphql/page-shown.ts'
import { ConnectionNotice } from './connection/connection-notice.tsx'
import { useCurrentProfile } from '../profiles/current-profile.ts'
import { Keyboard } from '../keyboard/keyboard.tsx'
import { NotFoundView } from './not-found-view.tsx'
import { PageTitle } from './page-title.tsx'
import { RouteAnnouncer } from './view-changes/route-announcer.tsx'
import { routes, useChatRoute } from '../routing/routes.ts'
import { Shell } from './shell.tsx'
import { useRouteFocus } from './view-changes/use-route-focus.ts'
import { loadPatiently } from '../components/errors/load-patiently.ts'

// Views beside the chat are loaded when they are opened. Each has all paths below its own.
const views: ReadonlyMap<string, ComponentType> = new Map([
  [routes.inbox, lazy(loadPatiently(() => import('../inbox/inbox-view.tsx')))],
  [routes.usage, lazy(loadPatiently(() => import('../usage/usage-view.tsx')))],
  [routes.settings, lazy(loadPatiently(() => import('../settings/settings-view.tsx')))],
  [routes.jobs, lazy(loadPatiently(() => import('../jobs/jobs-view.tsx')))],
])

// Nothing waits for it.
const ActivityAnnouncer = lazy(async () => {
  await whenPageShown
  return import('../notifications/activity-announcer.tsx')
})

/** The whole page: the list of chats, and one view beside it. */
export function App() {
  const chatRoute = useChatRoute()
  const profile = useCurrentProfile()
  const path = usePathname()
  useRouteFocus()
  const sidebar = (
    <ErrorBoundary resetKey={path} fallback={null}>
      <Sidebar />
    </ErrorBoundary>
  )
  return (
    <Shell sidebar={sidebar} notice={<ConnectionNotice />}>
      <PageTitle />
      <RouteAnnouncer />
      <ErrorBoundary resetKey={path} fallback={<FailedView />}>
        {/* A new chat keeps its view when it gets its session, and with it its address. */}
        {chatRoute ? <ChatView key={profile} sessionId={chatRoute.sessionId} /> : <OtherView />}
      </ErrorBoundary>
      <Notices />
      <ErrorBoundary resetKey={path} fallback={null}>
        <Keyboard />
        <Suspense fallback={null}>
          <ActivityAnnouncer />
        </Suspense>
      </ErrorBoundary>
    </Shell>
  )
}

function OtherView() {
  const firstSegment = usePathname().split('/', 2).join('/')
  const View = views.get(firstSegment) ?? NotFoundView
  return (
    <Suspense fallback={null}>
      <View />
    </Suspense>
  )
}
