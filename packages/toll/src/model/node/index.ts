// Model files, as everywhere.
export { loadModel, saveModel } from '../index.js'
