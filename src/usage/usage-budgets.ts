import type { BudgetSettings } from '../config/profile/budgets.ts'
import type { StreamFailure } from '../model/stream.ts'
import { addUsage, type Budget, isBudgetUsedUp, type Usage } from '../model/usage.ts'
import { toUtcDay, toUtcDayStart, type UsageSumReader } from '../storage/usage/usage-sum-store.ts'
import { loadUsageOfDay } from './usage-report.ts'

export interface UsageBudgetsOptions {
  readonly readSettings: () => BudgetSettings
  readonly sums: UsageSumReader
  /** What the streams that run now in this process have used. */
  readonly listRunningUsage: () => readonly Usage[]
  /** In epoch milliseconds. */
  readonly now: () => number
}

/** The budgets of a profile. The day's counts what has ended today and what runs now, in all processes. */
export class UsageBudgets {
  readonly #options: UsageBudgetsOptions

  constructor(options: UsageBudgetsOptions) {
    this.#options = options
  }

  /** Whether an answer that has used this much may make only one more request. `ownBudget`: of its job. */
  async isUsedUp(usage: Usage, ownBudget: Budget | null): Promise<boolean> {
    const { answer } = this.#options.readSettings()
    return isBudgetUsedUp(ownBudget, usage) || isBudgetUsedUp(answer, usage) || (await this.#isDayUsedUp())
  }

  /** Why nothing can be started today; null if it can. */
  async findDayFailure(): Promise<StreamFailure | null> {
    if (!(await this.#isDayUsedUp())) return null
    const retryAt = toUtcDayStart(toUtcDay(this.#options.now()) + 1)
    const message = `The budget of the day is used up. Try again after ${new Date(retryAt).toISOString()}, or raise limits.dayBudget.`
    return { code: 'QUOTA', message, retryAt }
  }

  async #isDayUsedUp(): Promise<boolean> {
    const { readSettings, sums, listRunningUsage, now } = this.#options
    const { day } = readSettings()
    if (!day) return false
    // Before the sums: an answer that ends meanwhile counts in any case.
    const foreign = await sums.listForeignRunningUsage()
    const ended = await loadUsageOfDay(sums, toUtcDay(now()))
    return isBudgetUsedUp(day, [...foreign, ...listRunningUsage()].reduce(addUsage, ended))
  }
}
