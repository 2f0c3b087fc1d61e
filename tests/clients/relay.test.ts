import { compileRelayDocuments } from './adapters/relay-artifacts.ts'
import { createRelayClientFactory } from './adapters/relay.ts'
import { testScenarios } from './support/test-scenarios.ts'

testScenarios('Relay', async () => createRelayClientFactory(await compileRelayDocuments()))
