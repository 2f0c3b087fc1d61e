import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { HermesSessionReader } from '../../../src/hermes/hermes-session-reader.ts'
import { InheritedSettingsReplicator } from '../../../src/hermes/index/inherited-settings-replicator.ts'
import type { ConversationSettingsRow } from '../../../src/storage/sessions/conversation-settings.ts'
import type {
  CrossOriginContinuationChange,
  CrossOriginContinuationFeed,
} from '../../../src/storage/sessions/cross-origin-continuation-feed.ts'
import type { HermesDb } from '../../support/hermes/hermes-db.ts'
import { firstPage, newDb } from '../../support/hermes/hermes-fixtures.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { waitUntil } from '../../support/wait-until.ts'

const toRow = (session_id: string, title_version = 1): ConversationSettingsRow => ({
  session_id,
  title: 'Woods',
  title_version,
  pinned: 1,
  pinned_version: 1,
  archived: 0,
  archived_version: 0,
  read_at: null,
})

/** Segue's settings: those of the session `root`, and what was stored since. */
class SettingsFeed implements CrossOriginContinuationFeed {
  readonly databaseId = 'a'
  readonly latestChangeSeq = 1
  readonly stored: string[] = []
  /** Called instead of storing. */
  interrupt: (() => Promise<void>) | null = null

  readChanges(after: number): CrossOriginContinuationChange[] {
    return after > 0 ? [] : [{ id: 'root', changeSeq: 1, session: null, settings: toRow('root') }]
  }

  listHermesSettings(): [] {
    return []
  }

  async storeInheritedSettings(settings: readonly ConversationSettingsRow[]): Promise<void> {
    await this.interrupt?.()
    this.stored.push(...settings.map(({ session_id }) => session_id))
  }

  onChanges(): void {
    // Nothing changes here.
  }
}

function newHermes(): HermesDb {
  const hermes = newDb()
  hermes.addSession('root', { started_at: 1, end_reason: 'compression' })
  hermes.addMessage('root', 2, { content: 'Hello' })
  return hermes
}

/** A session that takes over the settings of `root`. */
function addChild(hermes: HermesDb, id: string): void {
  hermes.addSession(id, { started_at: 3, parent_session_id: 'root' })
  hermes.addMessage(id, 4, { content: `Hello ${id}` })
}

function open(hermes: HermesDb, feed: SettingsFeed) {
  const log = new RecordingLogger()
  const indexPath = join(dirname(hermes.path), 'hermes-index.db')
  const sessions = new HermesSessionReader({
    path: hermes.path,
    profile: 'default',
    indexPath,
    log,
    crossOriginFeed: feed,
  })
  onTestFinished(() => sessions.close())
  return { sessions, log, list: () => sessions.listConversations(firstPage(9), {}) }
}

test('settings that a session has inherited are stored at the next start, if the server died before it stored them', async () => {
  const hermes = newHermes()
  addChild(hermes, 'child')
  const died = new SettingsFeed()
  const isStoring = new Promise<void>((resolve) => {
    died.interrupt = () => {
      resolve()
      return new Promise(() => undefined)
    }
  })
  const first = open(hermes, died)
  await first.list()
  await isStoring
  await first.sessions.close()
  const feed = new SettingsFeed()
  const second = open(hermes, feed)
  second.sessions.warmUp()
  await waitUntil(() => feed.stored.length > 0)
  expect(feed.stored).toEqual(['child'])
  expect(died.stored).toEqual([])
  await second.sessions.refresh()
  await second.sessions.close()
  const third = new SettingsFeed()
  await open(hermes, third).sessions.refresh()
  expect(third.stored).toEqual([])
})

test('settings that could not be stored are stored with the next list', async () => {
  const hermes = newHermes()
  const feed = new SettingsFeed()
  const { sessions, list, log } = open(hermes, feed)
  await sessions.refresh()
  feed.interrupt = () => Promise.reject(new Error('The disk is full.'))
  addChild(hermes, 'child')
  await list()
  await waitUntil(() => log.errors.length > 0)
  expect(feed.stored).toEqual([])
  feed.interrupt = null
  await list()
  await waitUntil(() => feed.stored.length > 0)
  expect(feed.stored).toEqual(['child'])
})

test('settings are stored in batches of 500, each of which is confirmed', async () => {
  const rows = new Map(Array.from({ length: 1_200 }, (_, index) => [`s${index}`, toRow(`s${index}`)]))
  const sizes: number[] = []
  const replicator = new InheritedSettingsReplicator(
    { storeInheritedSettings: async (settings) => void sizes.push(settings.length) },
    {
      listUnconfirmedSettings: async (limit) => [...rows.values()].slice(0, limit),
      confirmSettings: async (stored) => {
        for (const { session_id } of stored) rows.delete(session_id)
      },
    },
  )
  await Promise.all([replicator.push(), replicator.push()])
  expect(sizes).toEqual([500, 500, 200])
  await replicator.push()
  expect(sizes).toHaveLength(3)
})
