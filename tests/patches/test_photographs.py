"""Patch sets are made from few photographs at a time."""

from __future__ import annotations

import time
import tracemalloc
from functools import partial

import numpy as np
import pytest

from skdefocus.io import read_image, write_photograph
from skdefocus.patches import make_blur_patches
from tests.patches.sets import assert_same

SIDE = 256


def a_photograph(index):
    return np.random.default_rng(index).integers(0, 256, (SIDE, SIDE)).astype(np.uint8)


def peak_memory(n_photographs, out, as_iterator, **settings):
    """Most bytes that making a set from so many photographs takes."""
    if as_iterator:
        images = (a_photograph(index) for index in range(n_photographs))
    else:
        images, settings["read"] = range(n_photographs), a_photograph
    if settings["n_patches"]:
        settings["n_patches"] *= n_photographs
    tracemalloc.start()
    try:
        X, _, groups = make_blur_patches(images, (0.0, 1.0, 3.0), out=out, **settings)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert set(groups) == set(range(n_photographs))
    assert len(X) >= 60 * n_photographs
    return peak


@pytest.mark.parametrize("as_iterator", [False, True])
@pytest.mark.parametrize(
    "settings",
    [
        {"blur_domain": "image", "n_patches": 150},
        {"blur_domain": "patch", "n_patches": 150},
        {"blur_domain": "patch", "n_patches": None},
    ],
)
def test_memory_does_not_grow_with_photographs(tmp_path, as_iterator, settings):
    peak_memory(1, tmp_path / "warm", as_iterator, **settings)
    few = peak_memory(4, tmp_path / "few", as_iterator, **settings)
    many = peak_memory(16, tmp_path / "many", as_iterator, **settings)
    # Less than two more photographs, of 12 more: cameras, too, take more or less.
    assert many < few + 2 * SIDE * SIDE


def read_and_log(log, seconds, index):
    """Give a photograph after a while, and log it."""
    time.sleep(seconds)
    with log.open("a") as file:
        file.write(f"{index}\n")
    return a_photograph(index)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_photographs_are_taken_as_workers_become_free(n_jobs, tmp_path):
    log, ahead = tmp_path / "log", []
    log.touch()

    def photographs():
        for index in range(12):
            # How many were taken before it and are not read yet.
            ahead.append(index - len(log.read_text().splitlines()))
            yield index

    make_blur_patches(
        photographs(),
        (0.0, 2.0),
        blur_domain="patch",
        n_patches=None,
        # To workers joblib sends several at once of what takes less than 0.2 s.
        read=partial(read_and_log, log, 0 if n_jobs == 1 else 0.25),
        n_jobs=n_jobs,
    )
    assert len(ahead) == 12
    # For each worker the one that it works on, and two that wait.
    assert max(ahead) <= (0 if n_jobs == 1 else 3 * n_jobs)


def read_the_first(folder, index):
    """Give what is no photograph first, and of the others none while that is told."""
    if index == 0:
        return np.full((9, 9), 7.0)
    end = time.monotonic() + 60
    while not (folder / "over").exists() and time.monotonic() < end:
        time.sleep(0.02)
    return a_photograph(index)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_the_first_that_cannot_be_used_ends_it(n_jobs, tmp_path):
    taken = []

    def photographs():
        for index in range(200):
            taken.append(index)
            yield index

    with pytest.raises(ValueError, match=r"images\[0\] must be float"):
        make_blur_patches(
            photographs(),
            blur_domain="patch",
            n_patches=None,
            read=partial(read_the_first, tmp_path),
            n_jobs=n_jobs,
        )
    (tmp_path / "over").touch()
    # However slow the machine is: no other was finished, so no worker became free.
    assert len(taken) <= (1 if n_jobs == 1 else 3 * n_jobs)


@pytest.mark.parametrize("blur_domain", ["image", "patch"])
@pytest.mark.parametrize("read", [None, np.asarray])
def test_the_same_patches_from_every_iterable_and_number_of_workers(
    texture, blur_domain, read, tmp_path
):
    photos = [texture, np.flipud(texture), texture[:80].copy()]
    settings = {
        **{"blur_domain": blur_domain, "n_patches": 40, "read": read},
        **{"random_state": 3, "psf": "mixed", "augment": True, "min_sharpness": 60},
    }
    one = make_blur_patches(photos, (0.0, 1.0, 3.0), **settings)
    two = make_blur_patches(iter(photos), (0.0, 1.0, 3.0), n_jobs=2, **settings)
    third = make_blur_patches(
        tuple(photos), (0.0, 1.0, 3.0), n_jobs=3, out=tmp_path, **settings
    )
    for other in (two, third):
        assert_same(one, other)


def test_photographs_that_wait_on_disk_are_checked_and_leave_nothing(
    tmp_path, monkeypatch, texture
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    photos = [texture, texture * 3]
    with pytest.raises(ValueError, match=r"images\[1\] must be float in \[0, 1\]"):
        make_blur_patches(iter(photos), (0.0, 1.0), n_patches=8)
    make_blur_patches(iter(photos[:1]), (0.0, 1.0), n_patches=8)
    assert list(tmp_path.iterdir()) == []


def test_the_seed_decides_for_every_number_of_workers(texture):
    settings = {"ladder": (0.0, 1.0, 3.0), "n_patches": 30}
    one = make_blur_patches([texture] * 2, **settings, random_state=5)
    two = make_blur_patches([texture] * 2, **settings, random_state=5, n_jobs=2)
    other = make_blur_patches([texture] * 2, **settings, random_state=6)
    assert_same(one, two)
    assert not np.array_equal(one.X, other.X)
    assert not np.array_equal(one.conditions, other.conditions)


def test_photographs_are_read_in_the_worker(tmp_path, texture):
    path = tmp_path / "x.png"
    write_photograph(path, texture)
    X, _, _ = make_blur_patches([path], (0.0, 1.0, 3.0), n_patches=12, read=read_image)
    assert len(X) == 12


def test_all_of_a_bare_iterator_s_patches(texture):
    photos = [texture, texture[:70]]
    settings = {"ladder": (0, 2), "min_sharpness": 10}
    settings |= {"blur_domain": "patch", "n_patches": None}
    both = [make_blur_patches(given, **settings) for given in (photos, iter(photos))]
    assert_same(*both)
