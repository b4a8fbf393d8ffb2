// Figure 3 of the paper: what the images look like, a row per class with a seeded choice of pictures.

import { integer, Random, resolveParameters } from 'toll/base'
import { rowsWith, takeImages, type ImageSet } from 'toll/data'
import { imageStrip, renderExperiment, type ImageStrip, type RenderedExperiment } from 'toll/report'
import { checkStem, madeBy } from '../pages/index.js'

export const samplePictureParameters = {
  perClass: integer({ default: 8, min: 1, max: 12, doc: 'Pictures per class; a class with fewer shows all.' }),
  seed: integer({ default: 0, min: 0, max: 0xffffffff, doc: 'Of the choice of pictures.' }),
}

export interface SamplePictureOptions {
  readonly sets: readonly { readonly title: string; readonly images: ImageSet }[]
  /** What the files of the pictures begin with: letters, digits, '-', '_' and '.'. */
  readonly name: string
  /** Default 8. */
  readonly perClass?: number
  /** Default 0. */
  readonly seed?: number
  /** The command line that made it, for the footer. */
  readonly command?: string
}

interface Drawn {
  readonly className: string
  /** Rows of the set, in the order shown. */
  readonly rows: readonly number[]
}

/** Errors: `argument` for a name or number outside its domain. */
export async function renderSamplePictures({
  sets,
  name,
  command,
  ...given
}: SamplePictureOptions): Promise<RenderedExperiment> {
  checkStem(name)
  const chosen = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const { perClass, seed } = resolveParameters(samplePictureParameters, chosen, 'picture setting')
  const drawn = sets.map(({ title, images }) => ({
    title,
    images,
    classes: drawPictures(images, perClass, Random.seeded(seed).fork(title)),
  }))
  const strips = await Promise.all(drawn.map(({ images, classes }) => classStrip(images, classes)))
  return renderExperiment(
    {
      title: `Figure 3: pictures of ${sets.map(({ title }) => title).join(' and ')}`,
      lead:
        `Every class in a row of up to ${perClass} images, drawn at random with seed ${seed}. Each class is ` +
        'normal once, with all others as anomalies.',
      sections: drawn.map(({ title }, i) => ({
        title,
        blocks: [{ kind: 'images', title: `Images of ${title}`, strip: strips[i], file: `${name}-${i + 1}.svg` }],
      })),
      footer: `${madeBy(command)}.`,
    },
    {
      columns: ['set', 'class', 'place', 'row'].map((title) => ({ title })),
      rows: drawn.flatMap(({ title, classes }) =>
        classes.flatMap(({ className, rows }) => rows.map((row, i) => [title, className, i + 1, row])),
      ),
    },
    { perClass, seed, sets: drawn.map(({ title, classes }) => ({ title, classes })) },
  )
}

function drawPictures({ labels, classes }: ImageSet, perClass: number, random: Random): Drawn[] {
  return classes.flatMap((className, label) => {
    const ofClass = rowsWith(labels, label)
    const picked = random.fork(`class ${label}`).sample(ofClass.length, Math.min(perClass, ofClass.length))
    return ofClass.length > 0 ? [{ className, rows: Array.from(picked, (at) => ofClass[at]) }] : []
  })
}

/** One row per class, without captions: the pictures have nothing in common but their class. */
async function classStrip(images: ImageSet, classes: readonly Drawn[]): Promise<ImageStrip> {
  const rows = await Promise.all(
    classes.map(async ({ className, rows: picked }) => {
      const { shape, pixels } = takeImages(images, picked)
      const {
        rows: [{ urls }],
      } = await imageStrip({ shape, data: pixels })
      return { title: className, urls, alternatives: picked.map((row) => `image ${row} of class ${className}`) }
    }),
  )
  const captions = new Array<string>(Math.max(0, ...classes.map(({ rows: { length } }) => length))).fill('')
  return { width: images.shape[3], height: images.shape[2], captions, rows }
}
