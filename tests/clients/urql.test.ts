import { createUrqlClient } from './adapters/urql.ts'
import { testScenarios } from './support/test-scenarios.ts'

testScenarios('Urql', () => createUrqlClient)
