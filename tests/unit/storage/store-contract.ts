import { describe } from 'vitest'
import { describeApprovalRuleStore } from './contract/approval-rule-contract.ts'
import { describeContextCheckpoints } from './contract/context-checkpoint-contract.ts'
import { describeDecisionStore } from './contract/decision-contract.ts'
import { describeEventStore } from './contract/event-contract.ts'
import { describeIdempotencyKeyStore } from './contract/idempotency-key-contract.ts'
import { describeJobStore } from './contract/job-contract.ts'
import { describeModelObservationStore } from './contract/model-observation-contract.ts'
import type { OpenStorage } from './contract/opened-storage.ts'
import { describeSessionReader } from './contract/session-contract.ts'
import { describeTransfer } from './contract/transfer-contract.ts'
import { describeUsageSums } from './contract/usage-sum-contract.ts'
import { describeUploadStore } from './contract/upload-contract.ts'

/**
 * What every implementation of the storage port must do, tested through the port alone. `open` returns an empty storage
 * of the profile `work` for each test.
 */
export function describeStorage(engine: string, open: OpenStorage): void {
  describe(`storage in ${engine}`, () => {
    describe('the event store', () => {
      describeEventStore(open)
    })
    describe('the checkpoints of a context', () => {
      describeContextCheckpoints(open)
    })
    describe('the session reader', () => {
      describeSessionReader(open)
    })
    describe('the decision store', () => {
      describeDecisionStore(open)
    })
    describe('the store of approval rules', () => {
      describeApprovalRuleStore(open)
    })
    describe('the job store', () => {
      describeJobStore(open)
    })
    describe('the store of idempotency keys', () => {
      describeIdempotencyKeyStore(open)
    })
    describe('the store of model observations', () => {
      describeModelObservationStore(open)
    })
    describe('the sums of usage', () => {
      describeUsageSums(open)
    })
    describe('the store of uploads', () => {
      describeUploadStore(open)
    })
    describe('import and export', () => {
      describeTransfer(open)
    })
  })
}
