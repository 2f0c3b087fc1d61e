import { sha256Hex } from '../../src/lib/text/sha256.ts'
import type { FuzzOperation } from './document-generator.ts'
import { type FuzzOutcome, type FuzzTurn, makeOperation, parseExecutable, toParams } from './fuzz-session.ts'
import { hostileTexts } from './hostile-texts.ts'
import { type FuzzRequest, type FuzzResponse, fitsIntoUrl, sendOverHttp } from './send-operation.ts'

/** Sends a random operation: its document, or a name for it. */
export async function fuzzOperation(turn: FuzzTurn): Promise<FuzzOutcome> {
  const { random, trusted, onlyTrusted } = turn
  if (onlyTrusted ? random.chance(0.3) : random.chance(0.85)) {
    const { operation } = makeOperation(turn)
    return sendEach(turn, operation, [toParams(operation)])
  }
  if (onlyTrusted ? random.chance(0.8) : random.chance(0.3)) {
    const [documentId, operation] = random.pick(trusted)
    return sendEach(turn, operation, [
      random.chance(0.8) ? withoutQuery(operation, { documentId }) : toParams(operation),
    ])
  }
  const { operation } = makeOperation(turn)
  const hash = sha256Hex(operation.query)
  if (random.chance(0.3)) return sendWrongName(turn, operation)
  const named = { extensions: { persistedQuery: { version: 1, sha256Hash: hash } } }
  return sendEach(turn, operation, [{ ...toParams(operation), ...named }, withoutQuery(operation, named)])
}

/** A document must not be executed under a hash that is not its own, nor without a name that the server knows. */
async function sendWrongName(turn: FuzzTurn, operation: FuzzOperation): Promise<FuzzOutcome> {
  const { random } = turn
  const sha256Hash = random.pick<unknown>([...hostileTexts, sha256Hex('other'), 1, {}, null])
  const isText = typeof sha256Hash === 'string'
  const names = [
    { extensions: { persistedQuery: { version: 1, sha256Hash } } },
    { documentId: sha256Hash },
    { extensions: { persistedQuery: sha256Hash } },
  ]
  const name = random.pick(names)
  const hasQuery = isText && name === names[0] && random.chance(0.5)
  const outcome = await sendEach(turn, operation, [
    hasQuery ? { ...toParams(operation), ...name } : withoutQuery(operation, name),
  ])
  const wasExecuted = outcome.results.some((result) => result.includes('"data":{'))
  return wasExecuted ? { ...outcome, problem: 'A document was executed under a name that is not its own.' } : outcome
}

function withoutQuery({ variables, operationName }: FuzzOperation, name: object): object {
  return { variables, operationName, ...name }
}

/** Sends requests that all stand for one operation, each over another transport, up to the first with a problem. */
async function sendEach(turn: FuzzTurn, operation: FuzzOperation, requests: readonly object[]): Promise<FuzzOutcome> {
  const document = parseExecutable(turn, operation)
  const results: string[] = []
  const sent: string[] = []
  for (const params of requests) {
    const { response, transport } = await send(turn, { params, isSubscription: operation.type === 'subscription' })
    results.push(...response.results)
    sent.push(`${transport} ${JSON.stringify(params).slice(0, 1500)}`)
    const problem = await turn.checker.check(turn.caller, { operation, document }, response)
    if (problem) return { problem, sent: sent.join('\n'), results, isValid: document !== null }
  }
  return { problem: null, sent: sent.join('\n'), results, isValid: document !== null }
}

async function send(turn: FuzzTurn, request: FuzzRequest): Promise<{ response: FuzzResponse; transport: string }> {
  const { random, url, caller, socket } = turn
  const transport = random.pick(['POST', 'GET', 'SSE', 'WebSocket'] as const)
  if (transport === 'WebSocket') return { response: await socket.send(request), transport }
  const accept =
    transport === 'SSE'
      ? 'text/event-stream'
      : random.pick(['application/json', 'application/graphql-response+json', '*/*'])
  const method = transport === 'GET' && fitsIntoUrl(request.params) ? 'GET' : 'POST'
  return { response: await sendOverHttp(url, caller, request, { method, accept }), transport }
}
