import { Route, Switch } from 'wouter'
import { routes } from '../routing/routes.ts'
import { JobPage } from './detail/job-page.tsx'
import { EditJobPage } from './form/edit-job-page.tsx'
import { NewJobPage } from './form/new-job-page.tsx'
import { newJobPath } from './job-paths.ts'
import { JobListPage } from './list/job-list-page.tsx'

/** Jobs: all of them, one of them, and its form. */
export default function JobsView() {
  return (
    <Switch>
      <Route path={newJobPath} component={NewJobPage} />
      <Route<{ readonly id: string }> path={`${routes.jobs}/:id/edit`}>
        {({ id }) => <EditJobPage key={id} id={id} />}
      </Route>
      <Route<{ readonly id: string }> path={`${routes.jobs}/:id`}>{({ id }) => <JobPage key={id} id={id} />}</Route>
      <Route>
        <JobListPage />
      </Route>
    </Switch>
  )
}
