#!/usr/bin/env python3
"""Golden figures for speaker verification, which the tests of src/evaluation/verification.rs and
src/speaker/calibration.rs hold: run it and compare.

    verification.py        (needs: numpy, scikit-learn, speechbrain, torch)

The scores come from a generator that the tests have too, so that no arrays need to be stored.
"""

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from speechbrain.utils.metric_stats import EER, minDCF

RIDGE = 1e-5


def scores(seed: int, count: int, centre: float, width: float) -> np.ndarray:
    """Sums of three uniform numbers of a 32-bit generator, around `centre`."""
    state, values = seed, []
    for _ in range(count):
        total = 0.0
        for _ in range(3):
            state = (state * 1664525 + 1013904223) % 2**32
            total += state / 2**32
        values.append(np.float32(centre) + np.float32(width) * np.float32(total - 1.5))
    return np.array(values, dtype=np.float32)


def calibration(same: np.ndarray, different: np.ndarray) -> tuple[float, float]:
    """Scale and offset. sklearn minimises scale^2 / 2 + C * (weighted sum of losses), where balanced weights make the
    sum n times the mean over both kinds."""
    x = np.concatenate([same, different]).astype(np.float64)[:, None]
    y = np.concatenate([np.ones(len(same)), np.zeros(len(different))])
    model = LogisticRegression(class_weight="balanced", C=1 / (RIDGE * len(y)), tol=1e-12, max_iter=100_000)
    model.fit(x, y)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def cllr(same: np.ndarray, different: np.ndarray) -> float:
    cost = lambda llr: np.logaddexp(0, llr).mean() / np.log(2)
    return 0.5 * (cost(-same.astype(np.float64)) + cost(different.astype(np.float64)))


def main():
    for same, different in [
        (scores(1, 300, 0.6, 0.4), scores(2, 2000, 0.2, 0.4)),
        (scores(3, 50, 0.8, 0.05), scores(4, 70, 0.2, 0.05)),
        (scores(7, 41, 0.5, 0.6), scores(8, 503, 0.3, 0.5)),
    ]:
        eer, _ = EER(torch.tensor(same), torch.tensor(different))
        cost, _ = minDCF(torch.tensor(same), torch.tensor(different), c_miss=1, c_fa=1, p_target=0.01)
        print("calibration", calibration(same, different))
        print("EER", eer, "minDCF, normalised", cost / 0.01, "Cllr of 10 * score - 4",
              cllr(10 * same.astype(np.float64) - 4, 10 * different.astype(np.float64) - 4))


if __name__ == "__main__":
    main()
