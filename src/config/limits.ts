import { z } from 'zod'

const positiveIntUpTo = (max: number) => {
  const error = `an integer from 1 to ${max}`
  return z.int({ error }).min(1, { error }).max(max, { error })
}

const secondsSchema = z
  .number({ error: 'a number of seconds above 0, up to 86400' })
  .positive({ error: 'a number of seconds above 0, up to 86400' })
  .max(86_400, { error: 'a number of seconds above 0, up to 86400' })

/** How much the server takes on at once, and how long it waits for others. Each has its default. */
export const limitsSchema = z.strictObject({
  /** Answers that run or wait at the same time. */
  streams: positiveIntUpTo(100_000).default(1000),
  /** WebSockets that are open at the same time. */
  sockets: positiveIntUpTo(100_000).default(10_000),
  /** Operations under way on one WebSocket. */
  operationsPerSocket: positiveIntUpTo(10_000).default(100),
  /** A model that sends nothing for so long has failed. */
  modelSilenceSeconds: secondsSchema.default(120),
  /** Requests to the model that one answer may take: the last one is made without tools. */
  stepsPerAnswer: positiveIntUpTo(1000).default(50),
  /** A tool that has not finished after so long has failed. */
  toolSeconds: secondsSchema.default(120),
  /** A person who has not decided or answered after so long has said no. */
  decisionSeconds: secondsSchema.default(300),
  /** Of a longer result of a tool, in UTF-16 code units, the model and the log are told the beginning. */
  toolResultLength: positiveIntUpTo(10_000_000).default(50_000),
  /** A reader that takes in nothing for so long is let go of; it can come back with its cursor. */
  stalledReaderSeconds: secondsSchema.default(30),
})

export type Limits = z.output<typeof limitsSchema>

export const defaultLimits: Limits = limitsSchema.parse({})

export const limitKeys: readonly string[] = Object.keys(limitsSchema.shape)
