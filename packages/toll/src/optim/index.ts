// Optimisers as graph pieces, learning-rate schedules, gradient clipping.
export type { Optimizer, Update } from './optimizer.js'
export { adam, adamW, optimizerChoice, optimizerNamed, rmsprop, sgd } from './optimizers.js'
export { clipByGlobalNorm } from './clip.js'
export {
  constantRate,
  cosineDecay,
  linearWarmup,
  scheduleChoice,
  scheduleNamed,
  stepDecay,
  type Schedule,
} from './schedule.js'
