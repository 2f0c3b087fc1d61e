import type { SegueClient } from 'segue-client'
import { ProfileNamesDocument } from '../graphql/generated/graphql.ts'
import { defaultProfile } from './current-profile.ts'

/**
 * Follows something in each profile: `follow` is called once for each, and returns how it is stopped. The profiles are read
 * again whenever the page is looked at. `onRead` is called after each reading. Returns a function that stops all.
 */
export function followProfiles(
  client: SegueClient,
  follow: (profile: string) => () => void,
  onRead: () => void = () => {},
): () => void {
  const stops = new Map<string, () => void>()
  const leaving = new AbortController()
  const add = (profile: string): void => {
    if (!stops.has(profile) && !leaving.signal.aborted) stops.set(profile, follow(profile))
  }
  const read = async (): Promise<void> => {
    try {
      const { profiles } = await client.request(ProfileNamesDocument, {}, { signal: leaving.signal })
      for (const { name } of profiles) add(name)
    } catch {
      // They are read again when the page is looked at. Meanwhile there is the profile that always exists.
    }
    if (!leaving.signal.aborted) onRead()
  }
  const onVisibilityChange = (): void => {
    if (!document.hidden) void read()
  }
  add(defaultProfile)
  document.addEventListener('visibilitychange', onVisibilityChange)
  void read()
  return () => {
    document.removeEventListener('visibilitychange', onVisibilityChange)
    leaving.abort()
    for (const stop of stops.values()) stop()
  }
}
