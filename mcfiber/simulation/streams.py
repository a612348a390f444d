"""The one enumeration of random streams: what is drawn with one seed is independent of all else drawn with it.

A stream is the pair of a seed and a key; the first word of the key is a `Stream`, and the others count blocks, draws or
groups.  Numbers are part of what a seed means: a row is never given to something else.

Three draws stand outside.  An unknown number of a catalogue entry has the checksum of its path as its only word, where
keys here have two or more, so that an entry that gains a number keeps the draws of the others (`mcfiber.catalog`).
`mcfiber.simulation.coupled_modes` and the searches and even samples of `mcfiber.studies` take the seed without a key.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import TypeAlias

import numpy as np

BLOCK = 64
"""Realisations that share a stream, so that the first n of N are those of a smaller request."""


Entropy: TypeAlias = int | Sequence[int] | None


class Stream(IntEnum):
    """First word of the key of a random stream."""

    WAVEFORMS = 0
    SPLIT_STEP = 1
    CROSSTALK = 5
    CHANNELS = 7
    PENALTIES = 8
    SPLICES = 9
    MODE_GAINS = 10
    TRANSMISSION = 11


def root_of(seed: int | None) -> Entropy:
    """Entropy of a seed; new at every call where there is none."""
    return np.random.SeedSequence(seed).entropy


def random_stream(stream: Stream, root: Entropy, *key: int) -> np.random.Generator:
    """Generator of one stream.

    Parameters
    ----------
    stream
        What is drawn.
    root
        Seed, or `root_of` it where several streams share it.
    *key
        Number of the block, draw or group.

    Returns
    -------
    numpy.random.Generator
        Independent of those of all other streams and keys.

    Notes
    -----
    Seed and key are hashed together [1]_.

    References
    ----------
    .. [1] M. E. O'Neill, "Developing a seed_seq alternative," 2015; `numpy.random.SeedSequence`.

    Examples
    --------
    >>> first, second = (random_stream(Stream.SPLICES, 1, block).random() for block in (0, 1))
    >>> first == second
    False
    """
    return np.random.default_rng(np.random.SeedSequence(root, spawn_key=(int(stream), *key)))
