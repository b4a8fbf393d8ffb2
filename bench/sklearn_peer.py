# scikit-learn's detectors, fitted and scored on request: one JSON object per line in, one out.
#
#   {"detector": "kde", "fit": [5000, 50], "score": 20000, "parameters": {...}, "threads": 2}  ->  {"seconds": 1.5, "fit": 0.1}
#
# Data are standard normal from a fixed seed, kept between requests of the same sizes. The first line out says which version answers.

import json
import sys
import time

import numpy
import sklearn
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import KernelDensity, LocalOutlierFactor, NearestNeighbors
from sklearn.svm import OneClassSVM


class KthNeighbour:
    """The distance to the k-th neighbour, as PyOD's kNN takes it."""

    def __init__(self, n_neighbors, n_jobs):
        self.index = NearestNeighbors(n_neighbors=n_neighbors, n_jobs=n_jobs)

    def fit(self, rows):
        self.index.fit(rows)
        return self

    def score_samples(self, rows):
        return self.index.kneighbors(rows)[0][:, -1]


DETECTORS = {
    "isolation-forest": lambda threads, **more: IsolationForest(random_state=0, n_jobs=threads, **more),
    "kde": lambda threads, **more: KernelDensity(**more),
    "oc-svm": lambda threads, **more: OneClassSVM(**more),
    "knn": lambda threads, **more: KthNeighbour(n_jobs=threads, **more),
    "lof": lambda threads, **more: LocalOutlierFactor(novelty=True, n_jobs=threads, **more),
}


def main():
    print(json.dumps({"sklearn": sklearn.__version__}), flush=True)
    held = {}
    for line in sys.stdin:
        request = json.loads(line)
        (n, d), m = request["fit"], request["score"]
        if (n, d, m) not in held:
            random = numpy.random.RandomState(0)
            held = {(n, d, m): (random.standard_normal((n, d)), 1.2 * random.standard_normal((m, d)))}
        train, queries = held[n, d, m]
        start = time.perf_counter()
        model = DETECTORS[request["detector"]](request["threads"], **request["parameters"]).fit(train)
        fitted = time.perf_counter()
        model.score_samples(queries)
        print(json.dumps({"fit": fitted - start, "seconds": time.perf_counter() - start}), flush=True)


main()
