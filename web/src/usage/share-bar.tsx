import styles from './usage.module.css'

/** A share from 0 to 1 as a bar. Its figure stands beside it. */
export function ShareBar({ share }: { readonly share: number }) {
  return (
    <svg className={styles.shareBar} viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
      <rect width={100} height={6} rx={3} className={styles.track} />
      <rect width={Math.max(share * 100, share > 0 ? 2 : 0)} height={6} rx={3} className={styles.fill} />
    </svg>
  )
}
