// Training: steps as graphs, the fit loop, checkpoints.
export { buildStep, scoringScope, type MaskInput, type Objective, type StepProgram, type StepSpec } from './step.js'
export { initialValues, packValues, unpackValues, type Block, type NamedValues } from './layout.js'
export {
  train,
  type History,
  type Measures,
  type Monitor,
  type Monitored,
  type Trained,
  type TrainingProgress,
  type TrainOptions,
} from './trainer.js'
export { decodeCheckpoint, encodeCheckpoint, type Checkpoint, type CheckpointStore } from './checkpoint.js'
