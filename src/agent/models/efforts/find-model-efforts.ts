import { findConfiguredEfforts } from '../../../config/profile/provider-efforts.ts'
import type { Provider } from '../../../config/profile/provider.ts'
import { defaultEfforts, type Effort } from '../../../model/answer-settings/effort.ts'
import { findKnownEfforts } from './known-efforts.ts'
import type { ProviderModel } from '../parse-model-list.ts'

/**
 * The efforts that a model takes, least first: as configured, as its provider lists them, or as its family does. What is known
 * of none takes the usual ones.
 */
export function findModelEfforts(
  { efforts: configured = [] }: Pick<Provider, 'efforts'>,
  name: string,
  listed: readonly ProviderModel[] | null,
  dialectName: string | null = null,
): readonly Effort[] {
  const listedEfforts = listed?.find((model) => model.name === name)?.efforts
  return (
    findConfiguredEfforts(configured, name) ?? listedEfforts ?? findKnownEfforts(name, dialectName) ?? defaultEfforts
  )
}
