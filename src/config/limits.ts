import { z } from 'zod'
import { integerBetween, strictObject } from './value-schemas.ts'

const secondsError = 'Must be a number of seconds above 0, up to 86400.'
const retrySecondsError = 'Must be a number of seconds from 0 to 86400.'
const secondsSchema = z
  .number({ error: secondsError })
  .positive({ error: secondsError })
  .max(86_400, { error: secondsError })

/** What one operation may ask for. An operation above a limit is refused before it is executed. */
const operationLimits = {
  /** Levels of fields in a document, with its fragments expanded. Fields of introspection have a bound of their own. */
  depth: integerBetween(1, 1000).default(15),
  /** Fields of Query, Mutation or Subscription in one operation. */
  rootFields: integerBetween(1, 10_000).default(30),
  /** Fields with an alias in one operation, and fields that a selection set has once more. */
  aliases: integerBetween(0, 100_000).default(50),
  /** Directives in one operation. */
  directives: integerBetween(0, 100_000).default(50),
  /** Lexical tokens of a document. */
  tokens: integerBetween(1, 1_000_000).default(4000),
  /** Objects and list items that an operation may return, by an estimate: see docs/limits.md. */
  cost: integerBetween(1, 1_000_000_000).default(100_000),
  /** Size of an HTTP request body and of a WebSocket message, in bytes. */
  requestBytes: integerBetween(1024, 1_073_741_824).default(16_777_216),
  /** Timeout of an operation of type query. */
  querySeconds: secondsSchema.default(10),
}

/** `limits` in config.json: bounds on concurrent work, and timeouts in seconds. */
export const limitsSchema = strictObject('an object of limits', {
  /** Streams that run or wait at the same time, over all profiles. */
  streams: integerBetween(1, 100_000).default(1000),
  /** Open WebSockets. */
  sockets: integerBetween(1, 100_000).default(10_000),
  /** Requests of one token within a minute, operations over WebSocket included. Only where there are tokens. */
  requestsPerMinute: integerBetween(1, 1_000_000).default(600),
  /** Requests of one address without a valid token within a minute. Only where there are tokens. */
  unauthenticatedRequestsPerMinute: integerBetween(1, 1_000_000).default(60),
  /** HTTP requests of one token at the same time, event streams included. */
  connectionsPerToken: integerBetween(1, 100_000).default(100),
  /** Open WebSockets of one token. */
  socketsPerToken: integerBetween(1, 100_000).default(50),
  /** Subscriptions of one token at the same time, over all its connections. */
  subscriptionsPerToken: integerBetween(1, 1_000_000).default(500),
  /** Concurrent operations on one WebSocket. */
  operationsPerSocket: integerBetween(1, 10_000).default(100),
  /** Idle timeout of a model: a provider that sends no byte for this long has failed. */
  modelIdleSeconds: secondsSchema.default(120),
  /** A provider that sends nothing of the answer for this long has failed, even if its connection is alive. */
  modelProgressSeconds: secondsSchema.default(600),
  /** How long one step of an answer waits in total because its provider asks it to. 0: not at all. */
  retrySeconds: z
    .number({ error: retrySecondsError })
    .min(0, { error: retrySecondsError })
    .max(86_400, { error: retrySecondsError })
    .default(60),
  /** Requests to the model that one answer may take. The last one is sent without tools. */
  stepsPerAnswer: integerBetween(1, 1000).default(50),
  /** Scheduled runs that are active at the same time, over all profiles. Further ones wait. */
  concurrentJobs: integerBetween(1, 1000).default(4),
  /** Timeout of a tool call. */
  toolSeconds: secondsSchema.default(120),
  /** Timeout of an approval or a clarification. */
  decisionSeconds: secondsSchema.default(300),
  /** Maximum length of a tool result in the log and in requests to the model, in UTF-16 code units. */
  toolResultLength: integerBetween(1, 10_000_000).default(50_000),
  /** A client that reads nothing for this long is disconnected. It can resume with its cursor. */
  slowConsumerSeconds: secondsSchema.default(30),
  ...operationLimits,
  /** Budgets, which are settings of the profile `default`: see `resolveBudgets`. */
  answerBudget: z.unknown().optional(),
  dayBudget: z.unknown().optional(),
})

export type ServerLimits = z.output<typeof limitsSchema>

export const defaultLimits: ServerLimits = limitsSchema.parse({})

/** Former names of limits. They are accepted with a warning. */
export const renamedLimits: Readonly<Record<string, string>> = {
  modelSilenceSeconds: 'modelIdleSeconds',
  stalledReaderSeconds: 'slowConsumerSeconds',
}
