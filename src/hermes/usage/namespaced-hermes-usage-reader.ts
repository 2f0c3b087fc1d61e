import type { ForeignUsagePage, ForeignUsageQuery, ForeignUsageReader } from '../../storage/usage/usage-sum-store.ts'
import { HermesIdNamespace } from '../namespaced-session-reader.ts'

/** A reader of usage whose ids carry the namespace of a profile. */
export class NamespacedHermesUsageReader implements ForeignUsageReader {
  readonly #source: ForeignUsageReader
  readonly #namespace: HermesIdNamespace

  constructor(source: ForeignUsageReader, profile: string) {
    this.#source = source
    this.#namespace = new HermesIdNamespace(profile)
  }

  async listSessionUsage(query: ForeignUsageQuery): Promise<ForeignUsagePage> {
    const { sessions, next } = await this.#source.listSessionUsage(query)
    return {
      sessions: sessions.map(({ session, jobId, at, answers }) => ({
        at,
        answers,
        session: this.#namespace.qualifySession(session),
        jobId: jobId === null ? null : this.#namespace.qualify(jobId),
      })),
      next,
    }
  }
}
