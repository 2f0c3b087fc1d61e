import { z } from 'zod'

export const storedStreamSchema = z.object({
  id: z.string(),
  status: z.string(),
  lastSeq: z.int(),
  error: z.object({ code: z.string() }).nullable(),
  message: z.object({ id: z.string(), status: z.string(), digest: z.string() }).nullable(),
})

export type StoredStream = z.output<typeof storedStreamSchema>

/** What a start returns. */
export const startedStreamSchema = z.object({ id: z.string(), session: z.object({ id: z.string() }) })

export type StartedStream = z.output<typeof startedStreamSchema>

const referenceSchema = z.object({ id: z.string() })
const messageSchema = referenceSchema.extend({
  role: z.string(),
  kind: z.string(),
  status: z.string(),
  text: z.string(),
  alternatives: z.array(referenceSchema),
})

export const storedSessionSchema = z.object({
  session: z.object({
    lineageRoot: referenceSchema,
    conversation: z.object({ root: referenceSchema }),
    endedAt: z.string().nullable(),
    modelContext: z.array(z.object({ role: z.string(), content: z.unknown() })).nullable(),
    messages: z.object({
      edges: z.array(z.object({ node: messageSchema })),
    }),
  }),
})

export const storedLogSchema = z.object({
  events: z.array(z.object({ type: z.string(), seq: z.int(), streamId: z.string().nullable() })),
})

export const storedDecisionSchema = z.object({
  node: z.object({ state: z.string(), answer: z.string().nullish(), text: z.string().nullish() }),
})
