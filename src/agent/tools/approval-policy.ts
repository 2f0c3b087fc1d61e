import type { ApprovalRule, ApprovalRules } from '../../config/profile/approvals.ts'
import { compileWildcardPattern } from '../../lib/text/wildcard-pattern.ts'
import type { Tool } from './tool.ts'

/** The configured rules for tool calls. */
export class ApprovalPolicy {
  readonly #rules: readonly { readonly pattern: RegExp; readonly rule: ApprovalRule }[]

  /** Later rules take precedence, also over those of earlier sets. */
  constructor(...ruleSets: readonly ApprovalRules[]) {
    this.#rules = ruleSets
      .flatMap((rules) => Object.entries(rules))
      .map(([pattern, rule]) => ({ pattern: compileWildcardPattern(pattern), rule }))
  }

  /** Returns the rule of the last matching pattern. By default, read-only tools run and other tools ask. */
  findRule({ name, isReadOnly }: Pick<Tool, 'name' | 'isReadOnly'>): ApprovalRule {
    return this.#rules.findLast(({ pattern }) => pattern.test(name))?.rule ?? (isReadOnly ? 'allow' : 'ask')
  }
}
