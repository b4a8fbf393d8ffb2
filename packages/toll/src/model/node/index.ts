// Model files on disk.
export { loadModel, saveModel } from './file.js'
