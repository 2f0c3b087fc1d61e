import type { SegueClient } from 'segue-client'
import { whenIdle } from '../graphql/when-idle.ts'
import { defaultProfile } from './current-profile.ts'
import { profileNames } from './use-profile-names.ts'

/**
 * Follows something in each profile: `follow` is called once for each, and returns how it is stopped. The profiles are read
 * again whenever the page is looked at. `onRead` is called after each reading. It begins when the page has time. Returns a
 * function that stops all.
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
    await profileNames.read(client)
    addAll()
  }
  const addAll = (): void => {
    // Where they cannot be read, there is the profile that always exists.
    for (const { name } of profileNames.getSnapshot().data?.profiles ?? []) add(name)
    if (!leaving.signal.aborted) onRead()
  }
  const onVisibilityChange = (): void => {
    if (!document.hidden) void read()
  }
  void whenIdle().then(() => add(defaultProfile))
  document.addEventListener('visibilitychange', onVisibilityChange)
  void (profileNames.getSnapshot().data ? whenIdle().then(addAll) : read())
  return () => {
    document.removeEventListener('visibilitychange', onVisibilityChange)
    leaving.abort()
    for (const stop of stops.values()) stop()
  }
}
