import { useMemo } from 'react'
import { ProfileNamesDocument } from '../graphql/generated/graphql.ts'
import { SharedQuery, useSharedQuery } from '../graphql/shared-query.ts'

/** It is asked again whenever the page is looked at: see `followProfiles`. */
export const profileNames = new SharedQuery(ProfileNamesDocument, {})

/** The names of all profiles, `default` first. Empty until they are known. */
export function useProfileNames(): readonly string[] {
  const { data } = useSharedQuery(profileNames)
  // Without them, there is no switch, and new chats begin in the profile that is shown.
  return useMemo(() => data?.profiles.map(({ name }) => name) ?? [], [data])
}
