# Front
front-title = Health data, well used
front-lead = Find data, apply to use them and get results out – under rules that the machine enforces and a ledger that all can trust.
front-figures = Figures
front-sources = sources
front-variables = variables
front-median = from application to permit, median
front-uses = cases in the register
front-holds = What this centre holds
front-newest = Newest results
front-register = See everything data are used for

# Catalogue
catalogue-lead = Everything that can be applied for, described so that nobody can be recognised.
catalogue-search = Search for variables
catalogue-search-example = cholesterol, diagnosis, year of birth …
catalogue-search-button = Search
catalogue-all-sources = All sources
catalogue-empty = No source is registered yet.
catalogue-found = { $first } of { $second } variables fit
catalogue-nothing-found = No variable has all of these words. Try fewer or others.
variables-count = { $n ->
    [one] { $count } variable
   *[other] { $count } variables
}
filled-share = { $value } filled
source-size = { $first } people, { $second } rows
basket-add = Add to the basket
basket-remove = Take out
basket-see = See the basket
basket-go = { $n ->
    [one] Go on with { $count } variable
   *[other] Go on with { $count } variables
}
basket-title = The basket
basket-what = This is what you picked. An application begins with it; there you give a reason for each variable.
basket-empty = The basket is empty. Pick variables in the catalogue, or begin an empty application.
basket-apply = Begin an application
basket-more = Find more variables
basket-gone = No longer there

# Source
source = Source
source-holder = Data holder
source-holders = Data holders
source-awaited = Awaits data
source-awaited-says = No delivery has been taken in yet.
source-late = Late
source-late-says = The holder promised a delivery that has not come.
source-fresh = Up to date
source-fresh-says = The last delivery came on time.
source-delivered = Last delivery
source-next = Next delivery at the latest
source-choose = Choose variables
source-coverage = Coverage over time
source-coverage-desc = Number of rows a year in { $value }. The table has the same figures.
few-years = Rows a year. Years of fewer than { $value } people are only outlined.
source-variables = Variables
source-no-variables = The source has no variables.
source-vault = Names people and is never given out
source-vault-what = These stay encrypted in the vault and are used for linkage alone.
source-deliveries = Deliveries
source-delivery = Delivery
source-refused = Refused:
rows-read = Rows read
rows-kept = Rows kept
rows-aside = Kept aside
rhythm-daily = every day
rhythm-weekly = every week
rhythm-monthly = every month
rhythm-quarterly = every quarter
rhythm-yearly = every year
rhythm-once = once

# Variable
variable = Variable
variable-title = Title
variable-type = Type
variable-unit = Unit
variable-code-system = Code system
variable-filled = Filled
variable-care = Care
variable-range = Range
variable-value = Value
variable-means = Means
variable-share = Share of rows
variable-top = Commonest values
variable-top-desc = The commonest values of { $value } as bars. The table has the same figures.
variable-top-what = Number of rows, rounded.
variable-spread = Where the values lie
variable-spread-desc = The values of { $value } at 5, 25, 50, 75 and 95 per cent of the rows. The table has the same figures.
variable-spread-what = So large a share of the rows has the value or less.
variable-years = Rows a year
variable-codes = Codes
variable-nothing = There is nothing to show of the values: they are too few, or nothing has been delivered yet.
variable-few = Nothing here rests on fewer than { $value } people: somebody might be recognised.
type-text = text
type-code = code
type-integer = whole number
type-decimal = decimal number
type-date = date
type-boolean = yes or no
care-ordinary = ordinary
care-quasi = may help to recognise
care-health = about health
care-high = highly sensitive
care-direct = names the person

# Rows kept aside
aside-rows = Rows kept aside
aside-what = Only the holder sees this: the rows have identifiers in them. Put them right at the source and deliver again.
aside-none = No row was kept aside.
aside-why = Why
aside-text = The row as delivered
reason-field-count = too few or too many fields
reason-too-large = the row is too long
reason-quote = a quotation mark in the wrong place
reason-encoding = characters that cannot be read
reason-missing = the value is missing
reason-national-id = no national identity number
reason-integer = no whole number
reason-decimal = no number
reason-date = no date
reason-boolean = neither yes nor no
reason-future-date = a date in the future
reason-early-date = too early a date
reason-not-allowed = none of the allowed values
reason-below-min = smaller than allowed
reason-above-max = larger than allowed
reason-formula = a formula
reason-order = dates in the wrong order
reason-repeated = the same row once more
reason-duplicate-key = one key on different rows
reason-two-people = one national identity number on two people
