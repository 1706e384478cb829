"""The page of the study of hierarchical equality."""

from jaxrep import records, report

from ..shared import groups, pages

SHOWN = ('task_accuracy_median', 'iia_both_l1_k8')


def page(record: records.Record) -> report.Page:
  """Returns the page of a record."""
  found = groups.groups(record.parts, record.summary['settings'])
  return pages.assembled(
    record,
    found,
    title='Hierarchical equality',
    lede='?',
    figures=[],
    below=(),
    shown=SHOWN,
  )
