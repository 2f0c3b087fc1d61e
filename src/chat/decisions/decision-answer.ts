import { createBadInputError } from '../../lib/errors.ts'
import { findJsonSchemaViolation } from '../../lib/json-schema/find-json-schema-violation.ts'
import { isJsonObject, type Json, type JsonObject, stringifyJson } from '../../lib/text/json.ts'
import type { ApprovalDecision } from '../../model/decision.ts'
import type { ApprovalAnswer, DecisionResolution } from '../turn/tool-calls/tool-call-outcome.ts'

/** What a person adds to a decision about a call. Null is the same as leaving out. */
export interface ApprovalAnswerDetails {
  /** A note that the model is told. A blank one is none. */
  readonly reason?: string | null | undefined
  /** What the tool shall run with in place of the model's arguments. */
  readonly arguments?: Json | undefined
  /** The arguments of the calls that SESSION and ALWAYS allow from now on. An empty object is the same as leaving out. */
  readonly pattern?: Json | undefined
}

const maxAnswerCodeUnits = 100_000 // UTF-16 code units
const maxReasonCodeUnits = 10_000 // UTF-16 code units
const maxPatternCodeUnits = 10_000 // UTF-16 code units of its JSON

/** How a person reacts to a question: by exactly one of these. Null, and `decline: false`, are the same as leaving out. */
export interface ClarificationAnswerRequest {
  readonly answer?: string | null | undefined
  /** Of a form. */
  readonly values?: Json | undefined
  readonly decline?: boolean | null | undefined
}

/** Throws BAD_USER_INPUT unless there is exactly one of the three, of the kind that the question asks for. */
export function parseClarificationAnswer(
  { answer, values, decline }: ClarificationAnswerRequest,
  form: JsonObject | null,
): DecisionResolution {
  const isGiven = { answer: (answer ?? null) !== null, values: (values ?? null) !== null, decline: decline === true }
  const given = Object.entries(isGiven).flatMap(([name, is]) => (is ? [name] : []))
  if (given.length !== 1)
    throw createBadInputError('Give exactly one of answer, values and decline: true.', given.at(-1) ?? 'answer')
  if (decline === true) return { type: 'declined' }
  if (typeof answer === 'string') {
    if (form) throw createBadInputError('This question has a form. Send values instead of an answer.', 'answer')
    return { type: 'answered', answer: parseClarificationText(answer) }
  }
  if (!form) throw createBadInputError('This question has no form. Send an answer instead of values.', 'values')
  return { type: 'answered', answer: parseFormValues(values ?? null, form) }
}

/** Returns the values as JSON text. */
function parseFormValues(values: Json, form: JsonObject): string {
  if (!isJsonObject(values)) throw createBadInputError('The values of a form must be an object. Send one.', 'values')
  const error = findJsonSchemaViolation(form, values, 'values')
  if (error !== null)
    throw createBadInputError(`The form does not allow these values: ${error}. Correct them.`, 'values')
  const text = stringifyJson(values)
  if (text.length > maxAnswerCodeUnits)
    throw createBadInputError(`The values must have at most ${maxAnswerCodeUnits} characters. Shorten them.`, 'values')
  return text
}

function parseClarificationText(answer: string): string {
  if (answer.trim() === '' || answer.length > maxAnswerCodeUnits) {
    throw createBadInputError(
      `An answer must have 1 to ${maxAnswerCodeUnits} characters. At least one must be visible.`,
      'answer',
    )
  }
  return answer.toWellFormed()
}

/**
 * Throws BAD_USER_INPUT for what is too long, for arguments and a pattern of a type other than object, and for one that does
 * not go with the decision.
 */
export function parseApprovalAnswer(
  decision: ApprovalDecision,
  { reason, arguments: changed, pattern }: ApprovalAnswerDetails,
): ApprovalAnswer {
  if (typeof reason === 'string' && reason.length > maxReasonCodeUnits)
    throw createBadInputError(`A reason must have at most ${maxReasonCodeUnits} characters. Shorten it.`, 'reason')
  if ((changed ?? null) !== null && decision === 'DENY')
    throw createBadInputError('A denied call does not run, so it takes no arguments. Leave them out.', 'arguments')
  if ((changed ?? null) !== null && !isJsonObject(changed))
    throw createBadInputError('The arguments of a tool must be an object. Send one.', 'arguments')
  return {
    type: 'decided',
    decision,
    ...(reason?.trim() && { reason: reason.toWellFormed() }),
    ...(isJsonObject(changed) && { arguments: changed }),
    ...parsePattern(decision, pattern ?? null),
  }
}

function parsePattern(decision: ApprovalDecision, pattern: Json): Pick<ApprovalAnswer, 'pattern'> {
  if (pattern === null) return {}
  if (decision !== 'SESSION' && decision !== 'ALWAYS')
    throw createBadInputError('A pattern narrows SESSION and ALWAYS. Leave it out with other decisions.', 'pattern')
  if (!isJsonObject(pattern))
    throw createBadInputError('A pattern must be an object of arguments by name. Send one.', 'pattern')
  if (stringifyJson(pattern).length > maxPatternCodeUnits)
    throw createBadInputError(`A pattern must have at most ${maxPatternCodeUnits} characters. Shorten it.`, 'pattern')
  return Object.keys(pattern).length === 0 ? {} : { pattern }
}

/** Throws BAD_USER_INPUT if the schema of a tool does not allow these arguments. */
export function assertToolArgumentsAllowed(schema: JsonObject, changed: JsonObject): void {
  const error = findJsonSchemaViolation(schema, changed, 'arguments')
  if (error !== null)
    throw createBadInputError(`The tool does not take these arguments: ${error}. Correct them.`, 'arguments')
}
