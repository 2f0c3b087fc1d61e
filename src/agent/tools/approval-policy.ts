import type { ApprovalRule, ApprovalRules } from '../../config/profile/approvals.ts'
import type { Tool } from './tool.ts'

/** What is to be done when a tool is called, as far as the configuration says. */
export class ApprovalPolicy {
  readonly #rules: readonly { readonly pattern: RegExp; readonly rule: ApprovalRule }[]

  constructor(rules: ApprovalRules) {
    this.#rules = Object.entries(rules).map(([pattern, rule]) => ({ pattern: toRegExp(pattern), rule }))
  }

  /** The last rule whose pattern fits; without one, a tool that says that it only reads runs, and any other asks. */
  findRule({ name, isReadOnly }: Pick<Tool, 'name' | 'isReadOnly'>): ApprovalRule {
    return this.#rules.findLast(({ pattern }) => pattern.test(name))?.rule ?? (isReadOnly ? 'allow' : 'ask')
  }
}

function toRegExp(pattern: string): RegExp {
  return new RegExp(`^${pattern.split('*').map(RegExp.escape).join('.*')}$`)
}
