// Pages of the theory's experiments.
export { renderFigure2, plantedAurocs, type PlantedAurocs } from './figure2.js'
export { renderLemma1 } from './lemma1.js'
export type { TheoryPageOptions } from './page.js'
export { renderScale } from './scale.js'
export { renderTheorem1 } from './theorem1.js'
export { renderTheorem2 } from './theorem2.js'
