import { createApolloClient } from './adapters/apollo.ts'
import { testScenarios } from './support/test-scenarios.ts'

testScenarios('Apollo', () => createApolloClient)
