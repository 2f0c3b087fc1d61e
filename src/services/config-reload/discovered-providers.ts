import type { Provider } from '../../config/profile/provider.ts'

/** The providers that need no configuration. One that was found stays, also while it does not answer. */
export class DiscoveredProviders {
  readonly #discover: () => Promise<readonly Provider[]>
  #providers: readonly Provider[] = []

  constructor(discover: () => Promise<readonly Provider[]>) {
    this.#discover = discover
  }

  /** Looks for them, and returns those that were found now or before, in order of preference. */
  async find(): Promise<Provider[]> {
    const found = await this.#discover()
    const others = this.#providers.filter(({ name }) => !found.some((provider) => provider.name === name))
    const providers = [...found, ...others]
    this.#providers = providers
    return providers
  }

  /** Looks again. Resolves to whether there are more than before. */
  async findMore(): Promise<boolean> {
    const { length } = this.#providers
    return (await this.find()).length > length
  }
}
