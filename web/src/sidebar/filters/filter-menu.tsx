import { Menu, MenuCheckboxes, MenuChoices } from '../../components/popups/menu.tsx'
import type { OnDemandPopupProps } from '../../components/popups/popup-on-demand.tsx'
import { type ChatFilter, channels, chooseChats, origins, useChatFilter } from '../../conversations/chat-filter.ts'
import { strings } from '../../strings/strings.ts'
import { useChatCounts } from './use-chat-counts.ts'

const text = strings.sidebar

/** Which chats the list has, with how many there are of each kind. */
export default function FilterMenu({ trigger }: OnDemandPopupProps) {
  return (
    <Menu trigger={trigger} align="end">
      <FilterChoices />
    </Menu>
  )
}

function FilterChoices() {
  const filter = useChatFilter()
  const counts = useChatCounts(filter)
  const format = (count: number | undefined): string => (counts ? (count ?? 0).toLocaleString('en') : '')
  const shownChannels = channels.filter((channel) => filter.channels.includes(channel) || counts?.channels.has(channel))
  const all = { value: 'ALL', label: text.origins.ALL, hint: format(counts?.total) } as const
  return (
    <>
      <MenuCheckboxes
        label={text.filterChannels}
        values={filter.channels}
        choices={shownChannels.map((value) => ({
          value,
          label: text.channels[value],
          hint: format(counts?.channels.get(value)),
        }))}
        onChange={(chosen) => chooseChats({ channels: chosen })}
      />
      <MenuChoices<NonNullable<ChatFilter['origin']> | 'ALL'>
        label={text.filterOrigin}
        value={filter.origin ?? 'ALL'}
        choices={[
          all,
          ...origins.map((value) => ({ value, label: text.origins[value], hint: format(counts?.origins.get(value)) })),
        ]}
        onChoose={(value) => chooseChats({ origin: value === 'ALL' ? null : value })}
      />
      <MenuCheckboxes
        label={text.filterShow}
        values={filter.isArchive ? ['archive'] : []}
        choices={[{ value: 'archive', label: text.archive, hint: format(counts?.archived) }]}
        onChange={(values) => chooseChats({ isArchive: values.length > 0 })}
      />
    </>
  )
}
