import { useSegueClient } from 'segue-client/react'
import { navigate } from 'wouter/use-browser-location'
import { Page } from '../../components/page/page.tsx'
import { JobToEditDocument, type JobSettingsFragment, UpdateJobDocument } from '../../graphql/generated/graphql.ts'
import { useFreshQuery } from '../../graphql/use-query.ts'
import { strings } from '../../strings/strings.ts'
import { BackToJobs } from '../back-to-jobs.tsx'
import { toJobPath } from '../job-paths.ts'
import { isOtherSchedule, toFormValues, toUpdateInput } from './job-form-values.ts'
import { JobForm } from './job-form.tsx'
import { useJobDraft } from './use-job-draft.ts'

export function EditJobPage({ id }: { readonly id: string }) {
  const { data, error } = useFreshQuery(JobToEditDocument, { id })
  return (
    <Page title={strings.jobs.form.editTitle} back={<BackToJobs />}>
      {error && <p role="alert">{error.message}</p>}
      {data && !data.job && <p>{strings.jobs.notFound}</p>}
      {data?.job?.origin === 'HERMES' && <p>{strings.jobs.form.readOnly}</p>}
      {data?.job?.origin === 'SEGUE' && <EditJobForm job={data.job} />}
    </Page>
  )
}

function EditJobForm({ job }: { readonly job: JobSettingsFragment }) {
  const client = useSegueClient()
  const { values, change, forget } = useJobDraft(job.id, toFormValues(job))
  const path = toJobPath(job.id)
  const save = async (): Promise<void> => {
    await client.request(UpdateJobDocument, { id: job.id, input: toUpdateInput(values, job) })
    forget()
    navigate(path, { replace: true })
  }
  return (
    <JobForm
      values={values}
      onChange={change}
      knownTimes={isOtherSchedule(values, job) ? null : job.nextRuns}
      isExisting
      onSubmit={save}
      cancelPath={path}
      onCancel={forget}
    />
  )
}
