import { z } from 'zod'
import { type FuzzOutcome, type FuzzTurn, makeOperation, toParams } from './fuzz-session.ts'
import { sendOverHttp } from './send-operation.ts'

const wrongItems: readonly unknown[] = [null, 1, 'x', [], [[]], {}, { query: 1 }, { variables: {} }]
const resultsSchema = z.array(z.unknown())

/** Sends a batch of random operations, some of which are none, and checks each result against its operation. */
export async function fuzzBatch(turn: FuzzTurn): Promise<FuzzOutcome> {
  const { random, url, caller } = turn
  const items = Array.from({ length: random.between(0, random.chance(0.1) ? 12 : 5) }, () => makeOperation(turn))
  const params = items.map(({ operation }) => (random.chance(0.05) ? random.pick(wrongItems) : toParams(operation)))
  const accept = random.pick(['application/json', 'application/graphql-response+json', '*/*', 'text/event-stream'])
  const response = await sendOverHttp(url, caller, { params, isSubscription: false }, { method: 'POST', accept })
  const [body = ''] = response.results
  const outcome = {
    sent: `Batch, ${accept}: ${JSON.stringify(params).slice(0, 3000)}`,
    results: response.results,
    isValid: items.some(({ document }) => document !== null),
  }
  if (!body.startsWith('[')) return { ...outcome, problem: await turn.checker.check(caller, null, response) }
  const results = resultsSchema.parse(JSON.parse(body)).map((result) => JSON.stringify(result))
  if (results.length !== items.length)
    return { ...outcome, problem: `The batch of ${items.length} operations has ${results.length} results.` }
  for (const [index, result] of results.entries()) {
    const problem = await turn.checker.check(caller, items[index] ?? null, { ...response, results: [result] })
    if (problem) return { ...outcome, problem: `Of a batch: ${problem}` }
  }
  return { ...outcome, problem: null }
}
