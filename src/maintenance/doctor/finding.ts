/** The parts of a home that are checked, in this order. */
export const checkNames = [
  'home',
  'permissions',
  'config',
  'database',
  'messages',
  'indexes',
  'blobs',
  'hermes',
  'providers',
  'mcpServers',
] as const

export type CheckName = (typeof checkNames)[number]

/** Repairs something without a loss. */
export interface Fix {
  /** What is done, as in "set the permissions". */
  readonly text: string
  /** Whether it is done only while no server uses the home. */
  readonly needsLock: boolean
  run(): Promise<void>
}

/** Something that is wrong. */
export interface Finding {
  readonly check: CheckName
  /** Null: the whole home. */
  readonly profile: string | null
  /** A sentence: what is wrong, and where. Without secrets. */
  readonly problem: string
  /** A sentence: what to do. */
  readonly remedy: string
  /** What --fix does. Null: nothing can be done safely. */
  readonly fix: Fix | null
}

/** What a check has found. */
export interface CheckResult {
  readonly check: CheckName
  readonly profile: string | null
  /** What was looked at, as in "12 files"; null if there is nothing to say. */
  readonly detail: string | null
  readonly findings: readonly Finding[]
}

/** Creates the findings of one check. */
export class CheckReport {
  readonly #check: CheckName
  readonly #profile: string | null
  readonly #findings: Finding[] = []

  constructor(check: CheckName, profile: string | null) {
    this.#check = check
    this.#profile = profile
  }

  add(problem: string, remedy: string, fix: Fix | null = null): void {
    this.#findings.push({ check: this.#check, profile: this.#profile, problem, remedy, fix })
  }

  finish(detail: string | null = null): CheckResult {
    return { check: this.#check, profile: this.#profile, detail, findings: this.#findings }
  }
}
