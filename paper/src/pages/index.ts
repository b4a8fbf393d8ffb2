// What the pages of all experiments share.
export { checkStem } from './file-stem.js'
export { count, madeBy, signed } from './words.js'
