import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { silentLogger } from '../../lib/logger.ts'
import { toDatabasePath } from '../../profiles/profile-paths.ts'
import type { TransferStorage } from '../../storage/transfer/transfer-storage.ts'
import { exportConversation } from '../../transfer/export-conversation.ts'
import type { HomeUnderCheck, ProfileUnderCheck } from './home-under-check.ts'

export interface SalvageReport {
  /** The written files. */
  readonly files: readonly string[]
  /** The sessions that could not be exported, and why. */
  readonly lost: readonly { readonly sessionId: string; readonly reason: string }[]
}

/**
 * Exports every conversation of a damaged database that can be read as a whole, each as a document that `segue import`
 * reads. One that the damage affects is named, and the others are exported all the same.
 */
export async function salvageConversations(
  { name, folder }: ProfileUnderCheck,
  {
    home,
    output,
    storage,
  }: { readonly home: HomeUnderCheck; readonly output: string; readonly storage: TransferStorage },
): Promise<SalvageReport> {
  const outputFolder = join(output, name)
  await mkdir(outputFolder, { recursive: true, mode: 0o700 })
  using inspection = home.storage.openInspection(toDatabasePath(folder), name)
  const files: string[] = []
  const lost: { sessionId: string; reason: string }[] = []
  const exported = new Set<string>()
  for (const sessionId of inspection.listReadableSessionIds()) {
    if (exported.has(sessionId)) continue
    try {
      const { path, summary } = await exportConversation({
        paths: { home: home.paths.home, hermesHome: null },
        id: sessionId,
        profile: name,
        output: null,
        workingDirectory: outputFolder,
        storage,
        log: silentLogger,
        onNote: () => undefined,
      })
      if (path !== null) files.push(path)
      for (const id of summary.sessionIds) exported.add(id)
    } catch (error) {
      lost.push({ sessionId, reason: error instanceof Error ? error.message : String(error) })
    }
  }
  return { files: [...new Set(files)], lost }
}
