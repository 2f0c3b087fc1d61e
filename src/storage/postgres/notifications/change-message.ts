import { z } from 'zod'

/** What changed in a profile: a feed, or the log of a session. */
export interface ChangeTopic {
  readonly profile: string
  /** A feed by its name, or the id of a session. */
  readonly topic: string
}

export interface ChangeMessage {
  /** The process that sends it, by a random id. */
  readonly from: string
  /** The topics by profile. */
  readonly topics: Readonly<Record<string, readonly string[]>>
}

/** PostgreSQL refuses payloads of 8,000 bytes. */
const maxPayloadLength = 7_000

const messageSchema: z.ZodType<ChangeMessage> = z.object({
  from: z.string(),
  topics: z.record(z.string(), z.array(z.string())),
})

/** As many payloads as the topics need. Names of profiles and ids are ASCII. */
export function toPayloads(from: string, topics: readonly ChangeTopic[]): string[] {
  const payloads: string[] = []
  let [batch, length]: [ChangeTopic[], number] = [[], 0]
  const flush = (): void => {
    const byProfile = Object.entries(Object.groupBy(batch, ({ profile }) => profile))
    const listed = byProfile.map(([profile, changes = []]) => [profile, changes.map(({ topic }) => topic)])
    payloads.push(JSON.stringify({ from, topics: Object.fromEntries(listed) }))
  }
  for (const change of topics) {
    // With its quotes, commas and brackets, should it be the only one of its profile.
    const added = change.profile.length + change.topic.length + 10
    if (length + added > maxPayloadLength) {
      flush()
      ;[batch, length] = [[], 0]
    }
    batch.push(change)
    length += added
  }
  if (batch.length > 0) flush()
  return payloads
}

/** Null if the payload is none of Segue. */
export function parsePayload(payload: string): ChangeMessage | null {
  try {
    return messageSchema.parse(JSON.parse(payload))
  } catch {
    return null
  }
}
