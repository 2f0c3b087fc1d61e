import {
  type ASTNode,
  type ASTVisitFn,
  type ASTVisitor,
  type DocumentNode,
  GraphQLError,
  getEnterLeaveForKind,
  OverlappingFieldsCanBeMergedRule,
  specifiedRules,
  TypeInfo,
  validate,
  ValidationContext,
  visit,
  visitWithTypeInfo,
} from 'graphql'
import { turnScheduler } from '../../../lib/event-loop/turn-scheduler.ts'
import { schema } from '../../../schema/schema.ts'
import { maxErrors } from '../limits/operation-limits.ts'

/** A document with more tokens is validated rule by rule, so that others proceed in between. */
const maxTokensAtOnce = 500

const otherRules = specifiedRules.filter((rule) => rule !== OverlappingFieldsCanBeMergedRule)

/** The errors of a document by the rules of the GraphQL specification. Yields to the event loop for a long one. */
export async function validateDocument(document: DocumentNode): Promise<readonly GraphQLError[]> {
  if ((document.tokenCount ?? 0) <= maxTokensAtOnce) return validateRules(document, specifiedRules)
  const errors: GraphQLError[] = []
  for (const rule of otherRules) {
    if (turnScheduler.mustWait()) await turnScheduler.wait()
    errors.push(...validateRules(document, [rule]))
  }
  // Fragments that no operation uses are errors. They are not counted by the limits, and may be very expensive to compare.
  if (errors.length === 0) errors.push(...(await findFieldConflicts(document)))
  return errors.slice(0, maxErrors)
}

/** graphql-js adds an error when it leaves others out. */
function validateRules(document: DocumentNode, rules: typeof specifiedRules): readonly GraphQLError[] {
  return validate(schema, document, rules, { maxErrors: maxErrors - 1 })
}

/** Where a traversal is in a document, as far as the rule asks for it. */
interface DocumentPlace {
  readonly parentType: ReturnType<ValidationContext['getParentType']>
  readonly fragmentSignatures: ReturnType<ValidationContext['getFragmentSignatureByName']>
}

/** A validation context whose place in the document is set, so that a rule can be run in steps. */
class SteppedValidationContext extends ValidationContext {
  place: DocumentPlace | null = null

  override getParentType(): DocumentPlace['parentType'] {
    return this.place?.parentType
  }

  override getFragmentSignatureByName(): DocumentPlace['fragmentSignatures'] {
    return this.place?.fragmentSignatures ?? super.getFragmentSignatureByName()
  }
}

/**
 * Runs the rule that compares fields of the same name: the only one whose time grows with the square of the document. What
 * the rule does in a traversal is recorded, and done in steps.
 */
async function findFieldConflicts(document: DocumentNode): Promise<readonly GraphQLError[]> {
  const errors: GraphQLError[] = []
  const typeInfo = new TypeInfo(schema)
  const context = new SteppedValidationContext(schema, document, typeInfo, (error) => errors.push(error))
  for (const { place, run } of recordSteps(document, typeInfo, OverlappingFieldsCanBeMergedRule(context))) {
    if (turnScheduler.mustWait()) await turnScheduler.wait()
    context.place = place
    try {
      run()
    } catch (error) {
      // graphql-js gives up on a document that has far too much to compare.
      if (!(error instanceof GraphQLError)) throw error
      return [...errors, error]
    }
    if (errors.length >= maxErrors) break
  }
  return errors
}

interface ValidationStep {
  readonly place: DocumentPlace
  readonly run: () => void
}

/** What a rule does in a traversal of the document, in order. */
function recordSteps(document: DocumentNode, typeInfo: TypeInfo, rule: ASTVisitor): readonly ValidationStep[] {
  const steps: ValidationStep[] = []
  const record =
    (phase: 'enter' | 'leave'): ASTVisitFn<ASTNode> =>
    (...args) => {
      const visitNode = getEnterLeaveForKind(rule, args[0].kind)[phase]
      if (!visitNode) return
      // Both end with the traversal.
      const place = { parentType: typeInfo.getParentType(), fragmentSignatures: typeInfo.getFragmentSignatureByName() }
      steps.push({ place, run: () => void visitNode.apply(rule, args) })
    }
  visit(document, visitWithTypeInfo(typeInfo, { enter: record('enter'), leave: record('leave') }))
  return steps
}
