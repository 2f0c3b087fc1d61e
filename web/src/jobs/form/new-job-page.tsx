import { useSegueClient } from 'segue-client/react'
import { useRef } from 'react'
import { navigate } from 'wouter/use-browser-location'
import { routes } from '../../routing/routes.ts'
import { createId } from '../../chat/composer/draft/create-id.ts'
import { Page } from '../../components/page/page.tsx'
import { CreateJobDocument } from '../../graphql/generated/graphql.ts'
import { useCurrentProfile } from '../../profiles/current-profile.ts'
import { strings } from '../../strings/strings.ts'
import { BackToJobs } from '../back-to-jobs.tsx'
import { toJobPath } from '../job-paths.ts'
import { newJobValues, toCreateInput } from './job-form-values.ts'
import { JobForm } from './job-form.tsx'
import { useJobDraft } from './use-job-draft.ts'

export function NewJobPage() {
  const client = useSegueClient()
  const profile = useCurrentProfile()
  const { values, change, forget } = useJobDraft('new', newJobValues(profile))
  const attempt = useRef({ values, key: createId() })
  const create = async (): Promise<void> => {
    // One key for the same values: after a loss of the connection, another try makes no second job.
    if (attempt.current.values !== values) attempt.current = { values, key: createId() }
    const { key } = attempt.current
    const { createJob } = await client.request(CreateJobDocument, { input: toCreateInput(values) }, { key })
    forget()
    navigate(createJob ? toJobPath(createJob.id) : routes.jobs, { replace: true })
  }
  return (
    <Page title={strings.jobs.form.newTitle} back={<BackToJobs />}>
      <JobForm
        values={values}
        onChange={change}
        knownTimes={null}
        isExisting={false}
        onSubmit={create}
        cancelPath={routes.jobs}
        onCancel={forget}
      />
    </Page>
  )
}
