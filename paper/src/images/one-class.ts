// One class is normal: which images train, validate and test. Validation images are set aside from all classes by a
// published list of rows, so that training takes what is left of the class; the test set stays whole.

import { TollError } from 'toll'
import { Random, sizeOf } from 'toll/base'
import { fitImagePreprocessing, rowsWith, takeImages, type ImagePreprocessing, type ImageSet } from 'toll/data'
import { fixedPreprocessing, type ImageProtocol } from './protocol.js'

/** A data set and the rows of its training images that validate. */
export interface ImageData {
  readonly train: ImageSet
  readonly test: ImageSet
  /** Different rows of `train`. */
  readonly validationRows: Int32Array
}

/** Images with 1 for an anomaly, as bytes: they are scaled where they are scored. */
export interface LabelledImages {
  readonly images: ImageSet
  readonly labels: Uint8Array
}

export interface OneClassProblem {
  readonly train: ImageSet
  readonly validation: LabelledImages
  readonly test: LabelledImages
  readonly preprocessing: ImagePreprocessing
}

/**
 * The seed of the draw of validation images: one for all trials, so that they differ in nothing but what is compared.
 */
const validationSeed = 0

/**
 * Errors: `data` when the rows do not fit the images (another data set, the same row twice), or a class has no images
 * left.
 */
export function checkImageData({ train, test, validationRows }: ImageData): void {
  const count = train.shape[0]
  const bad = validationRows.findIndex((row) => row < 0 || row >= count)
  if (bad >= 0)
    throw new TollError(
      'invalid-index',
      `the list of validation rows does not fit the data: entry ${bad} is ${validationRows[bad]}, there are ` +
        `${count} training images`,
      { row: bad, value: validationRows[bad], limit: count },
    )
  if (new Set(validationRows).size !== validationRows.length)
    throw new TollError('invalid-index', 'the list of validation rows holds a row more than once')
  const [a, b] = [train, test].map(({ shape }) => shape.slice(1).join(' x '))
  if (a !== b) throw new TollError('shape-mismatch', `training images are ${a}, test images ${b}`)
}

/**
 * The problem with `normal` as the normal class and `validation` of the validation rows, in a seeded order. Errors:
 * `argument` for a class that does not exist or more validation rows than there are, `data`.
 */
export function oneClassProblem(
  protocol: ImageProtocol,
  data: ImageData,
  normal: number,
  validation: number,
): OneClassProblem {
  checkImageData(data)
  const { train, test } = data
  const { trainRows, validationRows } = oneClassRows(protocol, data, normal, validation)
  const label = (images: ImageSet): LabelledImages => ({
    images,
    labels: Uint8Array.from(images.labels, (value) => Number(value !== normal)),
  })
  return {
    train: takeImages(train, trainRows),
    validation: label(takeImages(train, validationRows)),
    test: label(test),
    preprocessing: fitProtocol(protocol, takeImages(train, rowsWith(train.labels, normal))),
  }
}

/**
 * The rows of a problem, checked, without its images: cheap enough to check every class before the first one trains.
 * Errors as `oneClassProblem`.
 */
export function oneClassRows(
  { title }: Pick<ImageProtocol, 'title'>,
  { train, test, validationRows: aside }: ImageData,
  normal: number,
  validation: number,
): { trainRows: Int32Array; validationRows: Int32Array } {
  const { classes, labels } = train
  if (!Number.isInteger(normal) || normal < 0 || normal >= classes.length) {
    throw new TollError(
      'out-of-domain',
      `class ${normal} does not exist; ${title} has classes 0 to ${classes.length - 1}`,
    )
  }
  if (validation > aside.length)
    throw new TollError('out-of-domain', `cannot take ${validation} of ${aside.length} validation rows`)
  const taken = new Set(aside)
  const trainRows = rowsWith(labels, normal).filter((row) => !taken.has(row))
  if (trainRows.length < 2)
    throw new TollError(
      'too-few-rows',
      `${trainRows.length} training images of class ${normal} are left beside the validation rows; at least ` +
        '2 are needed',
    )
  const validationRows = drawValidation(aside, validation)
  for (const [what, all] of [
    ['validation', Array.from(validationRows, (row) => labels[row])],
    ['test', test.labels],
  ] as const) {
    const normals = all.filter((value) => value === normal).length
    if (normals === 0 || normals === all.length) {
      throw new TollError(
        'one-class',
        `of ${all.length} ${what} images ${normals} are of the normal class ${normal} (${classes[normal]}); ` +
          'both kinds are needed' +
          `${what === 'validation' ? ', take more of them' : ''}`,
        { value: normals },
      )
    }
  }
  return { trainRows, validationRows }
}

/** All rows in their own order, or a seeded draw in ascending order. */
function drawValidation(rows: Int32Array, count: number): Int32Array {
  if (count === rows.length) return rows
  return Random.seeded(validationSeed)
    .fork('validation rows')
    .sample(rows.length, count)
    .sort()
    .map((at) => rows[at])
}

function fitProtocol({ scale }: ImageProtocol, { pixels, shape }: ImageSet): ImagePreprocessing {
  if (typeof scale !== 'string') return fixedPreprocessing(scale, shape.slice(1) as [number, number, number])
  return fitImagePreprocessing({ shape, data: Float64Array.from(pixels) }, { scale })
}

/** Rows [from, to) of the images as float32 pixels 0..255, (to - from, channels, height, width). */
export function pixelRows(
  { pixels, shape }: ImageSet,
  from: number,
  to: number,
): { shape: number[]; data: Float32Array } {
  const size = sizeOf(shape.slice(1))
  return { shape: [to - from, ...shape.slice(1)], data: Float32Array.from(pixels.subarray(from * size, to * size)) }
}
