"""An embedder without a model: the same words have the same vector, everywhere and always.

What belongs here: stand-ins of this folder. What does not: tests.
"""

import hashlib
import re
from collections.abc import Sequence

import numpy as np

from tagger_platform.store.embeddings import Floats, ModelName

DIM = 32
NAME = ModelName("fake/model", "1")


class FakeEmbedder:
    """A text's vector is the sum of its words', so that texts with a word in common are alike.

    `asked` are the texts it was given; of a text that has the word `bad` the vector is no numbers.
    """

    def __init__(self, name: ModelName = NAME, dim: int = DIM) -> None:
        self.name = name
        self.dim = dim
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> Floats:
        self.asked += texts
        return np.array([self._vector(text) for text in texts], np.float32)

    def _vector(self, text: str) -> Floats:
        words = re.findall(r"\w+", text.lower())
        if "bad" in words:
            return np.full(self.dim, np.nan, np.float32)
        return np.sum([_of_word(word, self.dim) for word in words] or [np.zeros(self.dim)], axis=0)


def _of_word(word: str, dim: int) -> Floats:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
    return np.random.default_rng(seed).standard_normal(dim).astype(np.float32)
