// Checkpoints on disk.
export { fileCheckpoint } from './file-checkpoint.js'
