import { describe } from 'vitest'
import { newTestInstallation } from '../../support/postgres/open-test-storage.ts'
import { describeApprovalRuleStore } from '../../unit/storage/contract/approval-rule-contract.ts'
import { describeContextCheckpoints } from '../../unit/storage/contract/context-checkpoint-contract.ts'
import { describeDecisionStore } from '../../unit/storage/contract/decision-contract.ts'
import { describeEventStore } from '../../unit/storage/contract/event-contract.ts'
import { describeIdempotencyKeyStore } from '../../unit/storage/contract/idempotency-key-contract.ts'
import { describeJobStore } from '../../unit/storage/contract/job-contract.ts'
import { describeModelObservationStore } from '../../unit/storage/contract/model-observation-contract.ts'
import type { OpenStorage } from '../../unit/storage/contract/opened-storage.ts'
import { describeSessionReader } from '../../unit/storage/contract/session-contract.ts'
import { describeUploadStore } from '../../unit/storage/contract/upload-contract.ts'
import { describeUsageSums } from '../../unit/storage/contract/usage-sum-contract.ts'

const open: OpenStorage = async () => {
  const installation = await newTestInstallation()
  let storage = await installation.open()
  return {
    storage,
    reopen: async () => {
      await storage.close()
      return (storage = await installation.open())
    },
    openImportStore: () => Promise.reject(new Error('Nothing is imported in these tests.')),
    openExportReader: async () => null,
  }
}

describe('storage in PostgreSQL', () => {
  describeEventStore(open)
  describeContextCheckpoints(open)
  describeSessionReader(open)
  describeDecisionStore(open)
  describeApprovalRuleStore(open)
  describeJobStore(open)
  describeIdempotencyKeyStore(open)
  describeModelObservationStore(open)
  describeUsageSums(open)
  describeUploadStore(open)
})
