import { existsSync } from 'node:fs'
import { toDatabasePath } from '../../../profiles/profile-paths.ts'
import { StorageError } from '../../../storage/errors.ts'
import type {
  DatabaseInspection,
  DatabaseProblem,
  DatabaseRepair,
} from '../../../storage/maintenance/database-inspection.ts'
import { formatSome } from '../format-some.ts'
import { CheckReport, type CheckResult, type Fix } from '../finding.ts'
import type { DoctorStorage, ProfileUnderCheck } from '../home-under-check.ts'

/** More of one kind are counted, not listed. */
const maxListed = 5

const restoreRemedy =
  'Restore a backup with segue restore, into a new home. Without one, segue doctor --salvage <folder> exports the ' +
  'conversations that can still be read; import them into a new home.'

const fixRemedy = 'Stop the server, and run segue doctor --fix.'

export interface DatabaseCheck {
  readonly results: readonly CheckResult[]
  /** The hashes of the blobs that the database refers to; null if they cannot be read. */
  readonly referencedBlobs: readonly string[] | null
  /** Whether the file is damaged, so that conversations may have to be salvaged. */
  readonly isDamaged: boolean
}

/** Checks the database of a profile: the file, the answers in it, and the indexes. */
export function checkDatabase(profile: ProfileUnderCheck, storage: DoctorStorage): DatabaseCheck {
  const path = toDatabasePath(profile.folder)
  const report = new CheckReport('database', profile.name)
  // Nothing was ever written.
  if (!existsSync(path)) return { results: [report.finish('empty')], referencedBlobs: [], isDamaged: false }
  try {
    using inspection = storage.openInspection(path, profile.name)
    return inspect(inspection, { report, profile, storage, path })
  } catch (error) {
    report.add(error instanceof Error ? error.message : String(error), restoreRemedy)
    return { results: [report.finish()], referencedBlobs: null, isDamaged: true }
  }
}

interface InspectionContext {
  readonly report: CheckReport
  readonly profile: ProfileUnderCheck
  readonly storage: DoctorStorage
  readonly path: string
}

function inspect(inspection: DatabaseInspection, context: InspectionContext): DatabaseCheck {
  const { report, profile, path } = context
  const damage = inspection.findDamage()
  const isDamaged = damage.some(({ kind }) => kind === 'FILE')
  for (const { kind, text } of damage) {
    const fix = isDamaged ? null : toIndexFix(kind, context)
    report.add(`In ${path}, ${text}.`, fix ? fixRemedy : restoreRemedy, fix)
  }
  if (!inspection.isCurrent) {
    report.add(`${path} was written by an older Segue.`, 'Start this version once: it migrates the database.')
    return { results: [report.finish()], referencedBlobs: null, isDamaged }
  }
  if (isDamaged) return { results: [report.finish()], referencedBlobs: tryListBlobs(inspection), isDamaged }
  const [messages, indexes] = [new CheckReport('messages', profile.name), new CheckReport('indexes', profile.name)]
  addInconsistencies(inspection.findInconsistencies(), { messages, indexes }, context)
  return {
    results: [report.finish(), messages.finish(), indexes.finish()],
    referencedBlobs: inspection.listReferencedBlobs(),
    isDamaged,
  }
}

function tryListBlobs(inspection: DatabaseInspection): readonly string[] | null {
  try {
    return inspection.listReferencedBlobs()
  } catch (error) {
    if (error instanceof StorageError) return null
    throw error
  }
}

function addInconsistencies(
  problems: Iterable<DatabaseProblem>,
  { messages, indexes }: { readonly messages: CheckReport; readonly indexes: CheckReport },
  context: InspectionContext,
): void {
  const changed: string[] = []
  const lost: string[] = []
  for (const { kind, text, messageId } of problems) {
    const fix = toIndexFix(kind, context)
    if (fix) indexes.add(`${capitalize(text)}.`, fixRemedy, fix)
    else if (messageId !== undefined) changed.push(messageId)
    else lost.push(text)
  }
  for (const text of lost.slice(0, maxListed)) messages.add(`${capitalize(text)}.`, restoreRemedy)
  if (lost.length > maxListed) messages.add(`${lost.length - maxListed} more logs are not complete.`, restoreRemedy)
  if (changed.length > 0)
    messages.add(
      `${changed.length} messages are not what their events fold to: ${formatSome(changed)}.`,
      `The events are the source of truth. ${fixRemedy}`,
      newMessageFix(changed, context),
    )
}

function newMessageFix(ids: readonly string[], { storage, path, profile }: InspectionContext): Fix {
  return {
    text: `stored ${ids.length} messages again as their events say`,
    needsLock: true,
    run: () => storage.restoreMessagesFromLog(path, profile.name, ids),
  }
}

/** What is done to a profile. */
const repairTexts: Readonly<Record<DatabaseRepair, (profile: string) => string>> = {
  UNUSED_PAGES: (profile) => `removed the pages that nothing uses from the database of the profile ${profile}`,
  INDEX: (profile) => `built the indexes of the database of the profile ${profile} again`,
  SEARCH_INDEX: (profile) => `built the search index of the profile ${profile} again`,
  CONVERSATION_INDEX: (profile) => `built the conversation index of the profile ${profile} again`,
}

const isRepair = (kind: DatabaseProblem['kind']): kind is DatabaseRepair => Object.hasOwn(repairTexts, kind)

function toIndexFix(kind: DatabaseProblem['kind'], { storage, path, profile }: InspectionContext): Fix | null {
  if (!isRepair(kind)) return null
  return {
    text: repairTexts[kind](profile.name),
    needsLock: true,
    run: () => storage.repair(path, profile.name, kind),
  }
}

const capitalize = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)
