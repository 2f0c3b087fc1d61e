import { type DocumentNode, type GraphQLError, Kind } from 'graphql'
import { DocumentCounter, type SelectionCounts } from './document-counts.ts'
import { createLimitError, type OperationLimits } from './operation-limits.ts'

/** Tools ask for types of types, through lists and non-null types. */
const maxIntrospectionDepth = 20

/** The limits that an operation of a document exceeds. Call it before the validation, which can take long. */
export function checkDocumentLimits(document: DocumentNode, limits: OperationLimits): readonly GraphQLError[] {
  const counter = new DocumentCounter(document)
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue
    const counts = counter.count(definition.selectionSet, definition.directives?.length ?? 0)
    const errors = checkCounts(counts, limits)
    if (errors.length > 0) return errors
  }
  return []
}

function checkCounts(counts: SelectionCounts, limits: OperationLimits): readonly GraphQLError[] {
  const solution = 'Send several operations instead.'
  const checks = [
    { limit: 'depth', count: counts.depth, max: limits.depth, unit: 'levels of fields', solution },
    { limit: 'rootFields', count: counts.rootFields.size, max: limits.rootFields, unit: 'root fields', solution },
    { limit: 'aliases', count: counts.aliases, max: limits.aliases, unit: 'aliases and repeated fields', solution },
    { limit: 'directives', count: counts.directives, max: limits.directives, unit: 'directives', solution },
    {
      limit: 'introspection',
      count: counts.introspectionDepth,
      max: maxIntrospectionDepth,
      unit: 'levels of introspection',
      solution: 'Select fewer levels.',
    },
  ] as const
  return checks
    .filter(({ count, max }) => count > max)
    .map((check) =>
      createLimitError(
        check.limit,
        check.max,
        `The operation has ${check.count} ${check.unit}. At most ${check.max} are allowed. ${check.solution}`,
      ),
    )
}
