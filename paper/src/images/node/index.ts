// Image trials on this machine: its data, and what it is.
export { loadImageData, loadValidationRows } from './data.js'
export { describeMachine } from './machine.js'
