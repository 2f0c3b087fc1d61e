import { isUnchanging } from '../../../lib/lists/unchanging-objects.ts'
import type { FieldPlan, SelectionPlan } from './operation-plan.ts'

/** Selections with fewer fields that are properties are completed as fast as they are looked up. */
const minFixedFields = 3

/** The fields of a selection that are properties of an object which never changes, completed. */
export interface FixedPart {
  readonly selection: SelectionPlan
  /** All names of the response in their order. The other fields are null. */
  readonly values: Readonly<Record<string, unknown>>
  /** Of all texts, in UTF-16 code units. */
  readonly textLength: number
}

/** The part for the last selection of each object, so that they take no more memory than the objects themselves. */
const parts = new WeakMap<object, FixedPart>()

/** Null if the object may change, or if a property has to be completed by an execution. */
export function findFixedPart(selection: SelectionPlan, source: Readonly<Record<string, unknown>>): FixedPart | null {
  if (selection.fixedFields.length < minFixedFields) return null
  const known = parts.get(source)
  if (known?.selection === selection) return known
  const part = isUnchanging(source) ? createFixedPart(selection, source) : null
  if (part) parts.set(source, part)
  return part
}

function createFixedPart(selection: SelectionPlan, source: Readonly<Record<string, unknown>>): FixedPart | null {
  const values: Record<string, unknown> = { ...selection.template }
  let textLength = 0
  for (const field of selection.fixedFields) {
    const leaf = completeLeaf(source[field.propertyName], field.value)
    if (leaf === undefined) return null
    values[field.responseName] = leaf
    if (typeof leaf === 'string') textLength += leaf.length
  }
  return { selection, values, textLength }
}

/** Undefined if it is no text, number or boolean. */
function completeLeaf(value: unknown, plan: FieldPlan['value']): string | number | boolean | null | undefined {
  if (plan.kind !== 'leaf' || value === undefined || typeof value === 'function') return undefined
  if (value === null) return plan.isNonNull ? undefined : null
  const leaf = typeof value === plan.uncoercedType ? value : plan.coerceOutputValue(value)
  return typeof leaf === 'string' || typeof leaf === 'number' || typeof leaf === 'boolean' ? leaf : undefined
}
