"""A classifier of patches that knows no dense path."""

from __future__ import annotations

from sklearn.base import BaseEstimator, ClassifierMixin

from skdefocus import PatchBlurClassifier

__all__ = ["OnlyPatches"]


class OnlyPatches(ClassifierMixin, BaseEstimator):
    """The shipped network without its dense path; counts what it is asked."""

    def __init__(self):
        self.classes_ = PatchBlurClassifier.pretrained().classes_
        self.sigmas_ = PatchBlurClassifier.pretrained().sigmas_
        self.takes_conditions_ = PatchBlurClassifier.pretrained().takes_conditions_
        self.reliability_ = PatchBlurClassifier.pretrained().reliability_
        self.n_patches, self.largest = 0, 0

    def fit(self, X, y):
        return self

    def predict_proba(self, X, conditions=None):
        self.n_patches += len(X)
        self.largest = max(self.largest, len(X))
        return PatchBlurClassifier.pretrained().predict_proba(X, conditions)

    def predict(self, X):
        return self.predict_proba(X).argmax(axis=1)
