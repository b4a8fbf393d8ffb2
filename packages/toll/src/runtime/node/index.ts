// The door for Node: everything of the runtime, and the versions of what computes.
export * from '../index.js'
export { engineVersions } from './versions.js'
