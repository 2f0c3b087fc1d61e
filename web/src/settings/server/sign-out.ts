import { clearStoredDrafts, hasStoredDrafts } from '../../chat/composer/draft/draft-storage.ts'
import { decisionDrafts } from '../../decisions/draft/decision-drafts.ts'
import { announceSignOut } from '../../graphql/sign-out-channel.ts'
import { closeSnapshots } from '../../graphql/snapshot-storage.ts'
import { clearStoredJobDrafts, hasStoredJobDrafts } from '../../jobs/form/use-job-draft.ts'

/** Whether this browser has something that was written and not sent. */
export async function hasUnsentWords(): Promise<boolean> {
  if (!decisionDrafts.isEmpty || hasStoredJobDrafts()) return true
  // A browser without storage has kept nothing.
  return hasStoredDrafts().catch(() => false)
}

/** Signs out. What was read and written in this browser goes too: the next person at it may be another one. */
export async function signOut(): Promise<void> {
  await fetch('/sign-out', { method: 'POST', headers: { 'content-type': 'application/json' } })
  decisionDrafts.clear()
  clearStoredJobDrafts()
  await Promise.allSettled([clearStoredDrafts(), closeSnapshots()])
  announceSignOut()
  location.assign('/')
}
