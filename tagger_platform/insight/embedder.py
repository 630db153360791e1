"""Words become vectors.

What belongs here: the model. What does not: which tracks (`embedding`), and what searches (`query_worker`). Importing
sentence-transformers takes 7 CPU-s and 600 MB, so that it is imported when something is to be embedded.

A model that is in Hugging Face's cache is taken from there and nobody is asked: a branch such as `main` stays what it
was when it was downloaded. Otherwise the hub is asked once whether it is there, because its own loading tries again
for minutes when it is not.
"""

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Protocol

import numpy as np

from tagger_platform.errors import RequestError, TransientError
from tagger_platform.insight.needed import needed
from tagger_platform.settings import Settings
from tagger_platform.store.embeddings import Floats, ModelName

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BATCH = 64
"""Texts that the model works on together."""
HUB_TIMEOUT_S = 10
OF_A_FOLDER = "folder"
"""The revision of a model that is a folder of this machine."""
QUIET = {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "TOKENIZERS_PARALLELISM": "false"}


class ModelMissingError(TransientError):
    """The model is not on this machine and could not be had."""


class Embedder(Protocol):
    @property
    def name(self) -> ModelName: ...

    def embed(self, texts: Sequence[str]) -> Floats:
        """The vectors (n, dim) of n texts."""
        ...


class SentenceEmbedder:
    """A sentence-transformers model. Loaded when first used; raises ModelMissingError when there is none."""

    def __init__(self, model: str, revision: str, device: str) -> None:
        self._wanted = ModelName(model, revision)
        self._device = device

    @cached_property
    def name(self) -> ModelName:
        """The model and its commit: what EMBED_MODEL_REVISION names now."""
        if Path(self._wanted.model).is_dir():
            return ModelName(self._wanted.model, OF_A_FOLDER)
        commit = _cached_commit(self._wanted)
        if commit is None:
            _ask_hub(self._wanted)
            self._download()
            commit = _cached_commit(self._wanted)
        return ModelName(self._wanted.model, commit or self._wanted.revision)

    def embed(self, texts: Sequence[str]) -> Floats:
        vectors = self._model.encode(
            list(texts), batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )
        return np.asarray(vectors, np.float32)

    @cached_property
    def _model(self) -> "SentenceTransformer":
        try:
            return _load(self.name, self._device, local_files_only=True)
        except OSError:  # a download that was cut short
            _ask_hub(self._wanted)
            return self._download()

    def _download(self) -> "SentenceTransformer":
        try:
            return _load(self._wanted, self._device, local_files_only=False)
        except OSError as error:
            raise _missing(self._wanted, f"downloading it failed: {error}") from error


def embedder_of(settings: Settings) -> SentenceEmbedder:
    return SentenceEmbedder(settings.embed_model, settings.embed_model_revision, settings.embed_device)


def _load(name: ModelName, device: str, *, local_files_only: bool) -> "SentenceTransformer":
    _hub()
    library = needed("sentence_transformers")
    needed("torch").set_num_threads(1)  # on a busy machine threads wait for each other: 464 ms a text instead of 26
    try:
        loaded: SentenceTransformer = library.SentenceTransformer(
            name.model, revision=name.revision, device=device, local_files_only=local_files_only
        )
    except (RuntimeError, AssertionError) as error:
        if device == "cpu":
            raise
        raise RequestError(f"EMBED_DEVICE {device} cannot be used here ({error}); cpu always can") from error
    except ValueError as error:
        raise RequestError(f"EMBED_MODEL {name.model} is no model of sentence-transformers: {error}") from error
    return loaded


def _hub() -> ModuleType:
    """Hugging Face's library. What it does besides is off before it is imported: it reads the environment just then."""
    for variable, value in QUIET.items():
        os.environ.setdefault(variable, value)
    return needed("huggingface_hub")


def _cached_commit(name: ModelName) -> str | None:
    """Which commit of the model the cache holds under this revision; None if it holds none."""
    found = _hub().try_to_load_from_cache(name.model, "config.json", revision=name.revision)
    return Path(found).parent.name if isinstance(found, str) else None


def _ask_hub(name: ModelName) -> None:
    """Whether the hub is there and has the model. Raises ModelMissingError or RequestError."""
    hub = _hub()
    try:
        hub.HfApi().model_info(name.model, revision=name.revision, timeout=HUB_TIMEOUT_S)
    except (
        hub.errors.RepositoryNotFoundError,
        hub.errors.RevisionNotFoundError,
        hub.errors.HFValidationError,
    ) as error:
        raise RequestError(
            f"EMBED_MODEL {name.model} (EMBED_MODEL_REVISION {name.revision}) is not on {hub.constants.ENDPOINT}: "
            f"check both; a folder of this machine will do too"
        ) from error
    except Exception as error:  # whatever its HTTP client raises, by whatever name it has in this version
        raise _missing(name, f"{hub.constants.ENDPOINT} cannot be asked for it: {error}") from error


def _missing(name: ModelName, why: str) -> ModelMissingError:
    return ModelMissingError(
        f"the model {name.model} is not in {_hub().constants.HF_HUB_CACHE}, and {why}. Run 'tagger embed-backfill' "
        f"once with a network, or copy it to a folder and name that in EMBED_MODEL. Search by words works without it"
    )
