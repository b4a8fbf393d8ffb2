// One experiment in all its forms: a report for people, its numbers for programs.

import {
  collectPictures,
  renderCsv,
  renderReport,
  renderReportMarkdown,
  renderReportText,
  type Report,
  type ReportTable,
} from '../report/index.js'

export interface RenderedExperiment {
  readonly text: string
  /** Embeds the pictures by the names in `svg`. */
  readonly markdown: string
  /** Every value, one a line. */
  readonly csv: string
  readonly json: string
  /** Pictures by the name of their file. */
  readonly svg: Readonly<Record<string, string>>
  readonly html: string
}

export function renderExperiment(report: Report, values: ReportTable, json: object): RenderedExperiment {
  return {
    text: renderReportText(report),
    markdown: renderReportMarkdown(report),
    csv: renderCsv(values),
    json: `${JSON.stringify(json, null, 2)}\n`,
    svg: collectPictures(report),
    html: renderReport(report),
  }
}
