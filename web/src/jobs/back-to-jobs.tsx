import { ArrowLeft } from 'lucide-react'
import { Link } from 'wouter'
import { routes } from '../routing/routes.ts'
import { strings } from '../strings/strings.ts'
import styles from './jobs.module.css'

export function BackToJobs() {
  return (
    <Link href={routes.jobs} className={styles.back}>
      <ArrowLeft aria-hidden="true" />
      {strings.jobs.back}
    </Link>
  )
}
