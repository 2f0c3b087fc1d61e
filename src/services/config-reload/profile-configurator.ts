import { isDeepStrictEqual } from 'node:util'
import { createAutoApproveRules } from '../../agent/mcp/conversion/create-auto-approve-rules.ts'
import { McpToolSource } from '../../agent/mcp/mcp-tool-source.ts'
import type { ModelRegistry } from '../../agent/models/model-registry.ts'
import type { ProviderConnections, ProviderTimeouts } from '../../agent/providers/http/provider-connections.ts'
import type { ProviderAvailabilityCache } from '../../agent/providers/provider-availability-cache.ts'
import { ApprovalPolicy } from '../../agent/tools/approval-policy.ts'
import type { ToolExecutorOptions } from '../../agent/tools/tool-executor.ts'
import type { ToolSource } from '../../agent/tools/tool-source.ts'
import type { Toolbox } from '../../agent/tools/toolbox.ts'
import type { ServerLimits } from '../../config/limits.ts'
import type { ProfileSettings, ProfileSettingsWithProviders } from '../../config/profile/profile-settings.ts'
import type { MutableLiveValue } from '../../config/reload/live-value.ts'
import type { ModelPrices } from '../../usage/model-prices.ts'

/** What can change while the services of a profile are open. */
export interface ProfileConfiguration {
  readonly settings: ProfileSettingsWithProviders
  readonly limits: ServerLimits
}

export interface ConfigurableServices {
  /** What chats read at each use. */
  readonly settings: MutableLiveValue<ProfileSettingsWithProviders>
  readonly tools: ToolSource
  readonly toolbox: Toolbox
  readonly prices: ModelPrices
  readonly connections: ProviderConnections
  readonly models: ModelRegistry
  readonly providers: ProviderAvailabilityCache
}

/** Applies changed settings to the services of a profile. What runs goes on with what it began with. */
export class ProfileConfigurator {
  readonly #services: ConfigurableServices
  #current: ProfileConfiguration

  constructor(services: ConfigurableServices, { settings, limits }: ProfileConfiguration) {
    this.#services = services
    this.#current = { settings, limits }
  }

  configure(change: Partial<ProfileConfiguration>): void {
    const { settings: previous } = this.#current
    const { settings: next, limits } = { ...this.#current, ...change }
    const settings = { ...next, providers: keepUnchanged(previous.providers, next.providers) }
    this.#current = { settings, limits }
    const { tools, toolbox, prices, connections, models, providers } = this.#services
    this.#services.settings.replace(settings)
    if (tools instanceof McpToolSource) tools.configure(settings.mcpServers)
    toolbox.configure({
      policy: toApprovalPolicy(settings),
      offersClarify: settings.offersClarify,
      ...toToolLimits(limits),
    })
    prices.configure(settings.prices)
    connections.configure(toProviderTimeouts(limits), settings.providers)
    providers.configure(settings.providers)
    models.configure({
      providers: settings.providers,
      defaultModel: settings.model,
      maxSteps: limits.stepsPerAnswer,
    })
  }
}

/** The items of `next`; one that equals an item of `previous` is that object, so that what is known of it stays. */
function keepUnchanged<T>(previous: readonly T[], next: readonly T[]): T[] {
  return next.map((item) => previous.find((each) => isDeepStrictEqual(each, item)) ?? item)
}

export function toApprovalPolicy({ mcpServers, approvals }: ProfileSettings): ApprovalPolicy {
  return new ApprovalPolicy(createAutoApproveRules(mcpServers), approvals)
}

export function toToolLimits(
  limits: ServerLimits,
): Pick<ToolExecutorOptions, 'decisionTimeoutMs' | 'maxResultLength' | 'toolTimeoutMs'> {
  return {
    toolTimeoutMs: limits.toolSeconds * 1000,
    decisionTimeoutMs: limits.decisionSeconds * 1000,
    maxResultLength: limits.toolResultLength,
  }
}

export function toProviderTimeouts(limits: ServerLimits): ProviderTimeouts {
  return {
    idleTimeoutMs: limits.modelIdleSeconds * 1000,
    // A provider that may be idle for longer is not judged by its progress before that.
    progressTimeoutMs: Math.max(limits.modelProgressSeconds, limits.modelIdleSeconds) * 1000,
    maxRetryWaitMs: limits.retrySeconds * 1000,
  }
}
