// Charts, tables, pictures of images, and one-file HTML reports made of them.
export { barCell, histogramCell, type HistogramCell } from './cells.js'
export { formatNumber, renderSvg, shorten, type Chart, type ChartOptions } from './chart.js'
export { contourPanels, type ContourField, type ContourPanel, type ContourPanelOptions } from './contour-panels.js'
export { contributionBars, type Contribution } from './contribution-bars.js'
export { formulaMarkup, formulaText } from './formula.js'
export { heatMapPng } from './heat-map.js'
export { imageStrip, renderStripSvg, type ImageBatch, type ImageStrip, type ImageStripOptions } from './images.js'
export {
  learningCurve,
  lossChart,
  precisionRecallChart,
  rocChart,
  type NamedRoc,
  type Series,
  type SeriesOptions,
} from './line-charts.js'
export { renderReport, type Block, type MetricTile, type Report, type ReportSection } from './report.js'
export {
  curvePanels,
  histogramPanels,
  type CurvePanel,
  type CurvePanelOptions,
  type HistogramPanel,
  type PanelColour,
  type PanelOptions,
  type PanelSeries,
} from './small-multiples.js'
export { collectPictures, renderReportMarkdown, renderReportText } from './report-text.js'
export { scoreHistogram, type ScoreHistogramOptions } from './score-histogram.js'
export {
  renderCsv,
  renderHtml,
  renderMarkdown,
  renderText,
  type CellPicture,
  type ReportCell,
  type ReportColumn,
  type ReportTable,
} from './table.js'
