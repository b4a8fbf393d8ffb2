// Models: fit, score, reconstruct, move the threshold, and the bytes of the file.
export { fewestRows, fit, type FitOptions } from './fit.js'
export { Model, type BadRows, type ScoreOptions, type Scores } from './model.js'
export { readManifest } from './compose.js'
export { decodeManifest, manifestFormat, manifestKey, type HeldBack, type InputColumn, type Manifest, type ModelInput } from './manifest.js'
