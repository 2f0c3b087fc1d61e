/** The id of the bar above the view on narrow screens, beside whose button a view can have its title. */
export const topBarId = 'top-bar'
