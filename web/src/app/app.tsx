import { Notices } from '../notices/notices.tsx'
import { Sidebar } from '../sidebar/sidebar.tsx'
import { ChatView } from '../chat/chat-view.tsx'
import { ConnectionNotice } from './connection-notice.tsx'
import { NotFoundView } from './not-found-view.tsx'
import { useChatRoute } from './routes.ts'
import { PageTitle } from './page-title.tsx'
import { Shell } from './shell.tsx'

/** The whole page: the list of chats, and one view beside it. */
export function App() {
  const chatRoute = useChatRoute()
  return (
    <Shell sidebar={<Sidebar />} notice={<ConnectionNotice />}>
      <PageTitle />
      {/* A new chat keeps its view when it gets its session, and with it its address. */}
      {chatRoute ? <ChatView sessionId={chatRoute.sessionId} /> : <NotFoundView />}
      <Notices />
    </Shell>
  )
}
