import { Button } from '../../components/buttons/button.tsx'
import { ErrorText } from '../../components/error-text.tsx'
import { useAction } from '../../components/hooks/use-action.ts'
import { SettingsViewerDocument } from '../../graphql/generated/graphql.ts'
import { clearSnapshots } from '../../graphql/snapshot-storage.ts'
import { useQuery } from '../../graphql/use-query.ts'
import { strings } from '../../strings/strings.ts'
import { Section } from '../section.tsx'

/** Whose token this browser uses, and the way to sign out. Not shown where the server needs no token. */
export function SignedIn() {
  const text = strings.settingsView.signedIn
  const viewer = useQuery(SettingsViewerDocument, {}).data?.server.viewer
  const { error, isRunning, run } = useAction()
  if (viewer?.name == null) return null
  return (
    <Section title={text.title}>
      <p>{text.as(viewer.name, text.roles[viewer.role])}</p>
      <ErrorText>{error}</ErrorText>
      <div>
        <Button disabled={isRunning} onClick={() => void run(signOut)}>
          {text.signOut}
        </Button>
      </div>
    </Section>
  )
}

/** What was read goes too: the next person at this browser may be another one. */
async function signOut(): Promise<void> {
  await fetch('/sign-out', { method: 'POST', headers: { 'content-type': 'application/json' } })
  await clearSnapshots()
  location.assign('/')
}
