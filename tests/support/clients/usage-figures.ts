import { z } from 'zod'

const usage = z.object({ inputTokens: z.int(), outputTokens: z.int() })
type Tokens = z.output<typeof usage>
type CountedTokens = Tokens & { readonly answers: number }

const sum = z.object({ group: z.string().nullable(), answers: z.int(), usage })
const sums = z.array(sum)
const sumFields = 'group answers usage { inputTokens outputTokens }'

const reportQuery = `{
  sessions(first: 1000) { edges { node { id usage { inputTokens outputTokens } } } }
  bySession: usage(groupBy: SESSION, first: 1000) { ${sumFields} }
  byModel: usage(groupBy: MODEL) { ${sumFields} }
  byDay: usage(groupBy: DAY) { ${sumFields} }
  byChannel: usage(groupBy: CHANNEL) { ${sumFields} }
}`
const reportForm = z.object({
  sessions: z.object({ edges: z.array(z.object({ node: z.object({ id: z.string(), usage }) })) }),
  bySession: sums,
  byModel: sums,
  byDay: sums,
  byChannel: sums,
})

const logQuery = `query ($id: ID!, $after: Int) {
  events(sessionId: $id, after: $after, first: 1000) {
    seq
    ... on StreamFinished { stream { usage { inputTokens outputTokens } } }
  }
}`
const logForm = z.object({
  events: z.array(z.object({ seq: z.int(), stream: z.object({ usage }).optional() })),
})

export type UsageRequester = <T>(query: string, variables: object, schema: z.ZodType<T>) => Promise<T>

/** What a profile's sums, its sessions and their logs say of what was used. */
export interface UsageFigures {
  /** By session; of those that have used nothing there are none. */
  readonly sums: ReadonlyMap<string, CountedTokens>
  readonly sessions: ReadonlyMap<string, Tokens>
  /** What the streams that have ended have used, and how many of them have used anything. */
  readonly logs: ReadonlyMap<string, CountedTokens>
  /** The totals by session, model, day and channel. */
  readonly totals: readonly CountedTokens[]
}

const nothing: CountedTokens = { inputTokens: 0, outputTokens: 0, answers: 0 }

export async function loadUsageFigures(ask: UsageRequester): Promise<UsageFigures> {
  const { sessions, bySession, byModel, byDay, byChannel } = await ask(reportQuery, {}, reportForm)
  const logs = new Map<string, CountedTokens>()
  for (const { node } of sessions.edges) {
    const used = await readUsagesOfLog(ask, node.id)
    if (used.length > 0) logs.set(node.id, addAll(used))
  }
  return {
    sums: new Map(bySession.map(({ group, answers, usage: tokens }) => [group ?? '', toCounted(answers, tokens)])),
    sessions: new Map(sessions.edges.flatMap(({ node }) => (isUsed(node.usage) ? [[node.id, node.usage]] : []))),
    logs,
    totals: [bySession, byModel, byDay, byChannel].map((groups) =>
      addAll(groups.map(({ answers, usage: tokens }) => toCounted(answers, tokens))),
    ),
  }
}

/** What each stream that has ended has used, apart from those that have used nothing. */
async function readUsagesOfLog(ask: UsageRequester, id: string): Promise<CountedTokens[]> {
  const used: CountedTokens[] = []
  for (let after = 0; ;) {
    const { events } = await ask(logQuery, { id, after }, logForm)
    const last = events.at(-1)
    if (!last) return used
    after = last.seq
    used.push(...events.flatMap(({ stream }) => (stream && isUsed(stream.usage) ? toCounted(1, stream.usage) : [])))
  }
}

function toCounted(answers: number, { inputTokens, outputTokens }: Tokens): CountedTokens {
  return { inputTokens, outputTokens, answers }
}

function isUsed({ inputTokens, outputTokens }: Tokens): boolean {
  return inputTokens + outputTokens > 0
}

function addAll(figures: readonly CountedTokens[]): CountedTokens {
  return figures.reduce(
    (total, { inputTokens, outputTokens, answers }) => ({
      inputTokens: total.inputTokens + inputTokens,
      outputTokens: total.outputTokens + outputTokens,
      answers: total.answers + answers,
    }),
    nothing,
  )
}
