import styles from './job-page.module.css'

/** A text of a job, as it was written. */
export function JobText({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <section className={styles.section}>
      <h2 className={styles.heading}>{title}</h2>
      <p className={styles.text} tabIndex={0} aria-label={title} role="group">
        {text}
      </p>
    </section>
  )
}
