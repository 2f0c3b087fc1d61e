import { describe, expect, test } from 'vitest'
import { channels } from '../../../../src/model/channel.ts'
import { attentions } from '../../../../src/model/conversation/attention.ts'
import {
  isCrossOriginConversation,
  isEmptyConversation,
  isSegueSession,
  listMatchingSessionFlags,
  matchesConversationIndexFilter,
  segueSessionFlag,
  toAttentionFlags,
  toConversationFlags,
  toSessionFlags,
  toSettingFlags,
} from '../../../../src/storage/conversation-index/conversation-index-flags.ts'

const sources = ['segue', 'webui', 'cli', 'telegram', 'api_server', 'cron', 'tool', 'unheard of']

const sessionOf = (source: string) => ({ source })

describe('the flags of a session', () => {
  test('include any channel together with the other flags', () => {
    expect(sources).toHaveLength(channels.length)
    for (const [index, source] of sources.entries()) {
      for (const archived of [false, true]) {
        for (const pinned of [false, true]) {
          const flags = toSessionFlags(sessionOf(source)) | toSettingFlags({ archived, pinned })
          const matching = channels.filter((channel) => matchesConversationIndexFilter(flags, { channels: [channel] }))
          expect(matching).toEqual([channels[index]])
          expect(
            matchesConversationIndexFilter(flags, { archived, pinned, segueSession: false, crossOrigin: false }),
          ).toBe(true)
          expect(matchesConversationIndexFilter(flags, { archived: !archived })).toBe(false)
          expect(matchesConversationIndexFilter(flags, { pinned: !pinned })).toBe(false)
        }
      }
    }
  })

  test('are all listed for a channel', () => {
    const expected = [false, true].flatMap((archived) =>
      [false, true].flatMap((pinned) =>
        attentions.map(
          (attention) =>
            toSessionFlags(sessionOf('cron')) | toSettingFlags({ archived, pinned }) | toAttentionFlags(attention),
        ),
      ),
    )
    const listed = listMatchingSessionFlags({ channels: ['CRON'] })
    expect(listed.toSorted()).toEqual(expected.toSorted())
    expect(listMatchingSessionFlags({})).toHaveLength(channels.length * 4 * attentions.length)
  })

  test('include whether Segue stores the session, which does not apply to conversations', () => {
    const flags = toSessionFlags(sessionOf('segue')) | segueSessionFlag
    expect([isSegueSession(flags), isCrossOriginConversation(flags)]).toEqual([true, false])
    expect(matchesConversationIndexFilter(flags, { channels: ['SEGUE'], segueSession: true })).toBe(true)
  })
})

describe('the flags of a conversation', () => {
  const tip = toSessionFlags(sessionOf('telegram')) | segueSessionFlag
  const settingFlags = toSettingFlags({ archived: true, pinned: true })
  const root = toSessionFlags(sessionOf('cli'))

  test('are those of its tip, except whether Segue stores it, and its settings', () => {
    const flags = toConversationFlags(root, tip, { settingFlags, attention: 'IDLE', crossOrigin: false, empty: false })
    expect(matchesConversationIndexFilter(flags, { channels: ['MESSAGING'], archived: true, pinned: true })).toBe(true)
    expect([isSegueSession(flags), isCrossOriginConversation(flags), isEmptyConversation(flags)]).toEqual([
      false,
      false,
      false,
    ])
  })

  test('include whether it has sessions of both origins, and whether it is empty', () => {
    const flags = toConversationFlags(root, tip, { settingFlags, attention: 'IDLE', crossOrigin: true, empty: true })
    expect([isSegueSession(flags), isCrossOriginConversation(flags), isEmptyConversation(flags)]).toEqual([
      false,
      true,
      true,
    ])
  })

  test('include whether root and tip are the work of an agent or a schedule', () => {
    const cron = toSessionFlags(sessionOf('cron'))
    const isInternal = (first: number, last: number): boolean =>
      matchesConversationIndexFilter(
        toConversationFlags(first, last, { settingFlags, attention: 'IDLE', crossOrigin: false, empty: false }),
        {
          internal: true,
        },
      )
    expect([isInternal(cron, cron), isInternal(cron, tip), isInternal(root, cron)]).toEqual([true, false, false])
  })
})
