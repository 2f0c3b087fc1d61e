import { ListFilter } from 'lucide-react'
import { IconButton } from '../../components/buttons/icon-button.tsx'
import { popupOnDemand } from '../../components/popups/popup-on-demand.tsx'
import { strings } from '../../strings/strings.ts'

const FilterMenu = popupOnDemand(() => import('./filter-menu.tsx'))

/** Opens the filter of the list. */
export function FilterButton() {
  return (
    <FilterMenu
      trigger={
        <IconButton label={strings.sidebar.filter}>
          <ListFilter />
        </IconButton>
      }
    />
  )
}
