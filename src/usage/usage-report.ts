import { yieldToEventLoop } from '../lib/async/yield-to-event-loop.ts'
import { classifySessionChannel, classifySourceChannel } from '../model/channel.ts'
import { addUsage, countTokens, noUsage, omitForeignCost, type Usage } from '../model/usage.ts'
import type { ProfileStorage } from '../storage/profile-storage.ts'
import {
  type ForeignSessionUsage,
  toUtcDay,
  toUtcDayStart,
  type UsageDimension,
  type UsageSumReader,
  type UsageSumRecord,
} from '../storage/usage/usage-sum-store.ts'

/** By what usage is grouped. */
export type UsageGroup = 'DAY' | 'MODEL' | 'JOB' | 'CHANNEL' | 'SESSION'

/** What was used by one group. */
export interface UsageSum {
  /** A day as YYYY-MM-DD, a model, a channel, the id of a job or a session. Null: all smaller groups. */
  readonly group: string | null
  readonly answers: number
  readonly usage: Usage
}

export interface UsageReportRequest {
  /** Days since 1970-01-01, UTC. Both are included. */
  readonly fromDay: number
  readonly toDay: number
  readonly groupBy: UsageGroup
  /** How many groups are named. */
  readonly first: number
}

const recordsPerPage = 2_000

/** The sums that a group is made of. */
const dimensions: Readonly<Record<UsageGroup, UsageDimension>> = {
  DAY: 'MODEL',
  MODEL: 'MODEL',
  JOB: 'JOB',
  CHANNEL: 'SOURCE',
  SESSION: 'SESSION',
}

/** Sums up what a profile has used, in Segue and in Hermes. */
export class UsageReport {
  readonly #profile: Pick<ProfileStorage, 'usageSums' | 'hermesUsage'>
  readonly #currency: string

  constructor(profile: Pick<ProfileStorage, 'usageSums' | 'hermesUsage'>, currency: string) {
    this.#profile = profile
    this.#currency = currency
  }

  /** The sums of the groups, largest first: by cost, then by tokens. What is beyond `first` is one last sum. */
  async load(request: UsageReportRequest): Promise<UsageSum[]> {
    const { fromDay, toDay, groupBy, first } = request
    const groups = new Map<string, UsageSum>()
    const add = (group: string | null, answers: number, usage: Usage): void => {
      if (group === null) return
      const sum = groups.get(group) ?? { group, answers: 0, usage: noUsage }
      groups.set(group, { group, answers: sum.answers + answers, usage: addUsage(sum.usage, usage) })
    }
    const range = { dimension: dimensions[groupBy], fromDay, toDay }
    for await (const { day, key, answers, usage } of readSums(this.#profile.usageSums, range))
      add(toGroup(groupBy, day, key), answers, usage)
    for await (const used of this.#readHermes(request)) {
      const usage = omitForeignCost(used.session.usage, this.#currency)
      if (countTokens(usage) > 0 || usage.cost) add(toHermesGroup(groupBy, used), used.answers, usage)
    }
    const sorted = [...groups.values()].toSorted(compareSums)
    const rest = sorted.slice(first)
    return rest.length === 0 ? sorted : [...sorted.slice(0, first), rest.reduce(addSums, emptyRest)]
  }

  async *#readHermes({ fromDay, toDay }: UsageReportRequest): AsyncGenerator<ForeignSessionUsage> {
    const { hermesUsage } = this.#profile
    if (!hermesUsage) return
    const span = { from: toUtcDayStart(fromDay), to: toUtcDayStart(toDay + 1) }
    for (let after: string | null = null; ;) {
      const page = await hermesUsage.listSessionUsage({ ...span, after })
      yield* page.sessions
      if (page.next === null) return
      after = page.next
    }
  }
}

const emptyRest: UsageSum = { group: null, answers: 0, usage: noUsage }

function addSums(rest: UsageSum, { answers, usage }: UsageSum): UsageSum {
  return { group: null, answers: rest.answers + answers, usage: addUsage(rest.usage, usage) }
}

/** All records of a span, page by page, so that other work is not delayed. */
async function* readSums(
  sums: UsageSumReader,
  range: { readonly dimension: UsageDimension; readonly fromDay: number; readonly toDay: number },
): AsyncGenerator<UsageSumRecord> {
  let after: UsageSumRecord | null = null
  for (;;) {
    const page: UsageSumRecord[] = await sums.listUsageSums({ ...range, after, limit: recordsPerPage })
    yield* page
    if (page.length < recordsPerPage) return
    after = page.at(-1) ?? null
    await yieldToEventLoop()
  }
}

/** What all streams of a day have used, with the titles and summaries, in Segue. */
export async function loadUsageOfDay(sums: UsageSumReader, day: number): Promise<Usage> {
  let usage = noUsage
  for await (const record of readSums(sums, { dimension: 'MODEL', fromDay: day, toDay: day }))
    usage = addUsage(usage, record.usage)
  return usage
}

function toGroup(groupBy: UsageGroup, day: number, key: string): string {
  if (groupBy === 'DAY') return formatDay(day)
  return groupBy === 'CHANNEL' ? classifySourceChannel(key) : key
}

function toHermesGroup(groupBy: UsageGroup, { session, jobId, at }: ForeignSessionUsage): string | null {
  switch (groupBy) {
    case 'DAY':
      return formatDay(toUtcDay(at))
    case 'MODEL':
      return session.model ?? unknownModel
    case 'JOB':
      return jobId
    case 'CHANNEL':
      return classifySessionChannel(session)
    case 'SESSION':
      return session.id
  }
}

/** The group of sessions of which Hermes has not stored the model. */
const unknownModel = 'unknown'

function formatDay(day: number): string {
  return new Date(toUtcDayStart(day)).toISOString().slice(0, 10)
}

function compareSums(a: UsageSum, b: UsageSum): number {
  return (
    (b.usage.cost?.amount ?? 0) - (a.usage.cost?.amount ?? 0) ||
    countTokens(b.usage) - countTokens(a.usage) ||
    ((a.group ?? '') < (b.group ?? '') ? -1 : 1)
  )
}
