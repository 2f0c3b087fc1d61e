import type { ApprovalAction, ConditionalApproval, ConfiguredApprovals } from '../../config/profile/approvals.ts'
import type { JsonObject } from '../../lib/text/json.ts'
import { compileWildcardPattern } from '../../lib/text/wildcard-pattern.ts'
import { argumentsMatch, argumentsMayMatch } from '../../lib/text/argument-pattern.ts'
import type { Tool } from './tool.ts'

interface PolicyRule extends ConditionalApproval {
  readonly matchesName: (toolName: string) => boolean
}

/** The configured rules for tool calls. */
export class ApprovalPolicy {
  readonly #rules: readonly PolicyRule[]

  /** Later rules take precedence, also over those of earlier sets. */
  constructor(...ruleSets: readonly ConfiguredApprovals[]) {
    this.#rules = ruleSets
      .flatMap((rules) => Object.entries(rules))
      .flatMap(([pattern, value]) => compile(pattern, value))
  }

  /**
   * What happens to a call, by the last rule that matches. By default, read-only tools run and other tools ask. Without
   * arguments, rules with conditions do not count.
   */
  findAction(
    { name, isReadOnly }: Pick<Tool, 'name' | 'isReadOnly'>,
    callArguments: JsonObject | null = null,
  ): ApprovalAction {
    const rules = this.#rules.filter(({ matchesName }) => matchesName(name))
    const index = rules.findLastIndex((rule) => isFulfilled(rule, callArguments))
    const action = rules[index]?.action ?? (isReadOnly ? 'allow' : 'ask')
    // A path that is spelled in another way matches no condition, so it could lead past one that restricts the tool.
    const isUncertain = rules.slice(index + 1).some((rule) => mayBeEvaded(rule, callArguments))
    return action === 'allow' && isUncertain ? 'ask' : action
  }
}

function compile(pattern: string, value: ConfiguredApprovals[string]): PolicyRule[] {
  const matchesName = compileWildcardPattern(pattern)
  const conditions = typeof value === 'string' ? [{ condition: null, action: value }] : value
  return conditions.map(({ condition, action }) => ({ matchesName, condition, action }))
}

function isFulfilled({ condition }: PolicyRule, callArguments: JsonObject | null): boolean {
  return condition === null || (callArguments !== null && argumentsMatch(condition, callArguments))
}

function mayBeEvaded({ condition, action }: PolicyRule, callArguments: JsonObject | null): boolean {
  if (condition === null || callArguments === null || action === 'allow') return false
  return argumentsMayMatch(condition, callArguments)
}
