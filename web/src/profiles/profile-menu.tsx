import { useSegueClient } from 'segue-client/react'
import { useEffect, useState } from 'react'
import { navigate } from 'wouter/use-browser-location'
import { routes } from '../routing/routes.ts'
import { Menu, MenuChoices } from '../components/popups/menu.tsx'
import type { OnDemandPopupProps } from '../components/popups/popup-on-demand.tsx'
import { ProfileCountDocument } from '../graphql/generated/graphql.ts'
import { strings } from '../strings/strings.ts'
import { chooseProfile, useCurrentProfile } from './current-profile.ts'

interface ProfileMenuProps extends OnDemandPopupProps {
  readonly names: readonly string[]
}

/** The profiles, with how many chats each has. */
export default function ProfileMenu({ trigger, names }: ProfileMenuProps) {
  return (
    <Menu trigger={trigger} align="start">
      <ProfileChoices names={names} />
    </Menu>
  )
}

function ProfileChoices({ names }: Pick<ProfileMenuProps, 'names'>) {
  const counts = useCounts(names)
  const choose = (name: string): void => {
    chooseProfile(name)
    navigate(routes.home)
  }
  const choices = names.map((name) => ({
    value: name,
    label: name,
    hint: counts.get(name)?.toLocaleString('en') ?? '',
  }))
  return (
    <MenuChoices label={strings.sidebar.profiles} value={useCurrentProfile()} choices={choices} onChoose={choose} />
  )
}

/** How many chats the profiles have, without archived ones. Those that cannot be read are left out. */
function useCounts(names: readonly string[]): ReadonlyMap<string, number> {
  const client = useSegueClient()
  const [counts, setCounts] = useState<ReadonlyMap<string, number>>(new Map())
  useEffect(() => {
    const leave = new AbortController()
    for (const profile of names) {
      client.request(ProfileCountDocument, { profile }, { signal: leave.signal }).then(
        ({ conversationCounts }) => setCounts((known) => new Map([...known, [profile, conversationCounts.total]])),
        () => {},
      )
    }
    return () => leave.abort()
  }, [client, names])
  return counts
}
