// The public data sets that experiments use: where they are, who made them, on what terms, and what their bytes must
// be. Checksums are SHA-256 of the decompressed content, so that any packing of the same data is accepted.

export interface DatasetFile {
  /** Path inside the data set's folder, decompressed. */
  readonly path: string
  /** Size in bytes, decompressed. */
  readonly bytes: number
  /** SHA-256 of the decompressed content; undefined where only the archive's checksum is published. */
  readonly sha256: string | undefined
}

/** One download: a single file (plain or gzip), or a .tar.gz that holds several. */
export interface DatasetDownload {
  /** Addresses of the same content, in order of preference. */
  readonly urls: readonly string[]
  readonly packing: 'plain' | 'gzip' | 'tar.gz'
  /** MD5 of the packed file as its publisher states it: the only check where a file has no SHA-256. */
  readonly md5?: string
  readonly files: readonly DatasetFile[]
}

export interface Dataset {
  readonly name: string
  readonly title: string
  readonly kind: 'images' | 'table' | 'indices'
  readonly homepage: string
  readonly licence: string
  readonly citation: string
  /** Folder names, beside `name`, under which a data folder may hold it. */
  readonly folders: readonly string[]
  readonly downloads: readonly DatasetDownload[]
  /** Names of the classes of an image set, by label. */
  readonly classes?: readonly string[]
  /** Names of the groups of classes, where a set has a second, coarse label. */
  readonly coarseClasses?: readonly string[]
}

function idxFiles(bases: readonly string[], sums: readonly [string, string, string, string]): DatasetDownload[] {
  const files: readonly (readonly [string, number])[] = [
    ['train-images-idx3-ubyte', 47_040_016],
    ['train-labels-idx1-ubyte', 60_008],
    ['t10k-images-idx3-ubyte', 7_840_016],
    ['t10k-labels-idx1-ubyte', 10_008],
  ]
  return files.map(([path, bytes], i) => ({
    urls: bases.map((base) => `${base}/${path}.gz`),
    packing: 'gzip',
    files: [{ path, bytes, sha256: sums[i] }],
  }))
}

function splitFile(path: string, bytes: number, sha256: string): DatasetDownload {
  return {
    urls: [
      `https://raw.githubusercontent.com/Soltanilara/Toll/6a6b04f1896998947dcfb04364389c108c6ec572/val%20IDs/${path}`,
    ],
    packing: 'plain',
    files: [{ path, bytes, sha256 }],
  }
}

const cifar10Sums: readonly (readonly [string, string])[] = [
  ['data_batch_1.bin', 'cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5'],
  ['data_batch_2.bin', 'a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed'],
  ['data_batch_3.bin', 'bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67'],
  ['data_batch_4.bin', '014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48'],
  ['data_batch_5.bin', '755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add'],
  ['test_batch.bin', '8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b'],
]

const cifar100Classes = (
  'apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly ' +
  'camel can castle caterpillar cattle ' +
  'chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish ' +
  'forest fox girl hamster house kangaroo ' +
  'keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse ' +
  'mushroom oak_tree orange orchid otter ' +
  'palm_tree pear pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray road ' +
  'rocket rose sea seal shark shrew skunk ' +
  'skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone ' +
  'television tiger tractor train trout tulip ' +
  'turtle wardrobe whale willow_tree wolf woman worm'
).split(' ')

const cifar100CoarseClasses = [
  'aquatic mammals',
  'fish',
  'flowers',
  'food containers',
  'fruit and vegetables',
  'household electrical devices',
  'household furniture',
  'insects',
  'large carnivores',
  'large man-made outdoor things',
  'large natural outdoor scenes',
  'large omnivores and herbivores',
  'medium-sized mammals',
  'non-insect invertebrates',
  'people',
  'reptiles',
  'small mammals',
  'trees',
  'vehicles 1',
  'vehicles 2',
]

const krizhevsky =
  'Krizhevsky, A.: Learning multiple layers of features from tiny images. Technical report, University ' +
  'of Toronto, 2009.'

export const datasets: readonly Dataset[] = [
  {
    name: 'mnist',
    title: 'MNIST: 70,000 handwritten digits, 28 x 28 grey',
    kind: 'images',
    homepage: 'http://yann.lecun.com/exdb/mnist/',
    licence: 'CC BY-SA 3.0',
    citation:
      'LeCun, Y., Bottou, L., Bengio, Y., Haffner, P.: Gradient-based learning applied to document ' +
      'recognition. Proceedings of the IEEE 86(11), 1998.',
    folders: ['MNIST/raw'],
    downloads: idxFiles(
      ['https://storage.googleapis.com/cvdf-datasets/mnist', 'https://ossci-datasets.s3.amazonaws.com/mnist'],
      [
        'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
        '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
        '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
        'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
      ],
    ),
    classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
  },
  {
    name: 'fashion-mnist',
    title: 'Fashion-MNIST: 70,000 pictures of clothes, 28 x 28 grey',
    kind: 'images',
    homepage: 'https://github.com/zalandoresearch/fashion-mnist',
    licence: 'MIT',
    citation:
      'Xiao, H., Rasul, K., Vollgraf, R.: Fashion-MNIST: a novel image dataset for benchmarking machine ' +
      'learning algorithms. arXiv:1708.07747, 2017.',
    folders: ['FashionMNIST/raw'],
    downloads: idxFiles(
      [
        'https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion',
        'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com',
      ],
      [
        'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
        'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
        '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
        '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
      ],
    ),
    classes: ['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat', 'Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'],
  },
  {
    name: 'cifar-10',
    title: 'CIFAR-10: 60,000 photographs in 10 classes, 32 x 32 colour',
    kind: 'images',
    homepage: 'https://www.cs.toronto.edu/~kriz/cifar.html',
    licence: 'none stated; the authors ask for the citation',
    citation: krizhevsky,
    folders: ['cifar-10-batches-bin'],
    downloads: [
      {
        urls: ['https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz'],
        packing: 'tar.gz',
        md5: 'c32a1d4ab5d03f1284b67883e8d87530',
        files: cifar10Sums.map(([path, sha256]) => ({ path, bytes: 30_730_000, sha256 })),
      },
    ],
    classes: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
  },
  {
    name: 'cifar-100',
    title: 'CIFAR-100: 60,000 photographs in 100 classes, 32 x 32 colour',
    kind: 'images',
    homepage: 'https://www.cs.toronto.edu/~kriz/cifar.html',
    licence: 'none stated; the authors ask for the citation',
    citation: krizhevsky,
    folders: ['cifar-100-binary'],
    downloads: [
      {
        urls: ['https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz'],
        packing: 'tar.gz',
        md5: '03b5dce01913d631647c71ecec9e9cb8',
        files: [
          { path: 'train.bin', bytes: 153_700_000, sha256: undefined },
          { path: 'test.bin', bytes: 30_740_000, sha256: undefined },
        ],
      },
    ],
    classes: cifar100Classes,
    coarseClasses: cifar100CoarseClasses,
  },
  {
    name: 'arrhythmia',
    title:
      'Arrhythmia: 452 electrocardiograms as 274 numbers, 66 of rare classes (ODDS), and the raw table of ' +
      '279 attributes (UCI)',
    kind: 'table',
    homepage: 'https://odds.cs.stonybrook.edu/arrhythmia-dataset/',
    licence: 'raw table CC BY 4.0 (UCI); ODDS asks to cite Rayana 2016',
    citation:
      'Rayana, S.: ODDS library. Stony Brook University, 2016. Guvenir, H., Acar, B., Muderrisoglu, H., ' +
      'Quinlan, R.: Arrhythmia. UCI Machine Learning Repository, 1998.',
    folders: ['odds', 'uci'],
    downloads: [
      {
        urls: [
          'https://www.dropbox.com/s/lmlwuspn1sey48r/arrhythmia.mat?dl=1',
          'https://raw.githubusercontent.com/yzhao062/pyod/' +
            '1938f1c58ba7948359b098ab358b7ee920825282/data/arrhythmia.mat',
        ],
        packing: 'plain',
        files: [
          {
            path: 'arrhythmia.mat',
            bytes: 105_540,
            sha256: 'e4d47e499591ae31e5d7f0cd983367092353eac240f48e14c9b36457edb3460d',
          },
        ],
      },
      {
        urls: ['https://archive.ics.uci.edu/ml/machine-learning-databases/arrhythmia/arrhythmia.data'],
        packing: 'plain',
        files: [
          {
            path: 'arrhythmia.data',
            bytes: 402_354,
            sha256: '59a3360ee531a55cec553cd2cd1eaeab143ba8658d1b324a08fb7941f39ade2e',
          },
        ],
      },
    ],
  },
  {
    name: 'toll-splits',
    title: "The validation rows and the arrhythmia order of the paper's reference implementation",
    kind: 'indices',
    homepage: 'https://github.com/Soltanilara/Toll',
    licence: 'MIT',
    citation: 'Reference implementation of targeted collapse regularized autoencoders, folder "val IDs".',
    folders: ['splits'],
    downloads: [
      splitFile(
        '10000_val_indices_cifar10.npy',
        80_128,
        '8ff57ed6abf86f8f620ece7aa274763c57eab6cd23238b5a0465f94621a1d19d',
      ),
      splitFile(
        '10000_val_indices_cifar100.npy',
        80_128,
        '95a58ac160fc1b9598afff45854be0a6550efdfd3b15d889d52a2412b0f19b69',
      ),
      splitFile(
        '10000_val_indices_fmnist.npy',
        80_128,
        '7f0997a33581a11bf42bad79167bb24324a082066a1cc7e9924ec7448ffb80f0',
      ),
      splitFile(
        '10000_val_indices_mnist.npy',
        80_128,
        '2596cac06deab73af0506544c594b831788d7579434bc61300716b91c2742eb2',
      ),
      splitFile(
        'randomized_anomalous_indices_arrhythmia.npy',
        392,
        '1cc4c263f21ddcfbd8f144fdfeea77fb3bed86dca7ae08cb42edda5fd18716e2',
      ),
      splitFile(
        'randomized_normal_indices_arrhythmia.npy',
        1672,
        '546e3a0b90df768d492f1a962b912cd8a62b17a2bdac95364e603db8bca8a2b3',
      ),
    ],
  },
]
