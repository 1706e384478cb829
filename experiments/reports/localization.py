"""The page of the localization study."""

from jaxrep import records, report

from ..shared import groups, pages


def page(record: records.Record) -> report.Page:
  """Returns the page of a record."""
  found = groups.groups(record.parts, record.summary['settings'])
  return pages.assembled(
    record,
    found,
    title='Knowledge localization',
    lede='?',
    figures=(),
    below=(),
    shown=('r2_weights', 'r2_biases'),
  )
