from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from skdefocus import (
    CalibratedMapper,
    GuidedRefiner,
    LaplacianVarianceMapper,
    PatchBlurClassifier,
    PrecomputedMapper,
    SDoFRenderer,
    SlidingWindowMapper,
)
from skdefocus.batch import BatchSummary, process
from skdefocus.figures import color_map, hatch_unknown
from skdefocus.io import read_image, write_photograph
from tests.batch.steps import CALM, WRONG, Inverter, Mapper, picture


@pytest.fixture
def folder(tmp_path):
    for level in (30, 10, 20):
        write_photograph(tmp_path / "in" / f"{level}.png", picture(CALM, level))
    return tmp_path / "in"


def n_worked(log: Path) -> int:
    return len(log.read_text().splitlines())


def test_a_folder(folder, log, tmp_path, capsys):
    (folder / "bad.png").write_text("no photograph")
    write_photograph(folder / "wrong.png", picture(WRONG, 5))
    seen = []
    summary = process(
        folder,
        make_pipeline(Mapper(str(log))),
        tmp_path / "out",
        n_jobs=2,
        pictures={"inverse": Inverter()},
        progress=True,
        on_row=seen.append,
    )
    assert summary == BatchSummary(
        tmp_path / "out" / "report.csv", tmp_path / "out" / "report.jsonl", 3, 0, 2
    )
    rows = list(summary.rows())
    assert all(row.get("map16_steps_per_px") == 256 for row in rows[:3])
    names = [Path(row["photo"]).name for row in rows]
    assert names == ["10.png", "20.png", "30.png", "bad.png", "wrong.png"]
    assert "is not an image" in rows[3]["error"]
    assert sorted(seen, key=lambda row: row["photo"]) == sorted(
        rows, key=lambda row: row["photo"]
    )
    assert (tmp_path / "out" / "10_inverse.png").exists()
    error = capsys.readouterr().err
    assert "5/5" in error
    assert "photo" in error
    assert "2 failed" in error

    again = process(
        [folder],
        make_pipeline(Mapper(str(log))),
        tmp_path / "out",
        pictures={"inverse": Inverter()},
    )
    assert (again.n_done, again.n_kept, again.n_failed) == (0, 3, 2)
    assert n_worked(log) == 3 + 2
    assert capsys.readouterr().err == ""


@pytest.mark.slow
def test_parameters_content_and_names(folder, log, tmp_path):
    """Finished work is what has the same content and parameters, and its results."""

    def run(factor=1.0, **options):
        summary = process(folder, Mapper(str(log), 0.0, factor), tmp_path, **options)
        return summary.n_done, summary.n_kept

    assert run() == (3, 0)
    assert run() == (0, 3)
    assert run(factor=2.0) == (3, 0)
    content = (folder / "10.png").read_bytes()
    (folder / "10.png").write_bytes((folder / "20.png").read_bytes())
    (folder / "20.png").write_bytes(content)
    assert run(factor=2.0) == (2, 1)
    assert run(factor=2.0, resume=False) == (3, 0)
    assert n_worked(log) == 11


def test_paths_that_come_one_at_a_time(folder, log, tmp_path, capsys):
    paths = (folder / f"{level}.png" for level in (10, 20))
    summary = process(paths, Mapper(str(log)), tmp_path / "out", progress=True)
    assert summary.n_done == 2
    assert "2photo [" in capsys.readouterr().err


def test_the_report_is_of_what_is_done_when_a_run_is_stopped(folder, log, tmp_path):
    def stop(row):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        process(folder, Mapper(str(log)), tmp_path / "out", on_row=stop)
    lines = (tmp_path / "out" / "report.csv").read_text().splitlines()
    assert len(lines) == 2
    assert process(folder, Mapper(str(log)), tmp_path / "out").n_kept >= 1


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_what_stopped_a_run_is_told_and_not_that_its_report_failed(
    folder, log, tmp_path, error
):
    def stop(row):
        (tmp_path / "out" / "report.csv").write_text("one's own")
        raise error

    with pytest.raises(error):
        process(folder, Mapper(str(log)), tmp_path / "out", on_row=stop)
    assert (tmp_path / "out" / "report.csv").read_text() == "one's own"


def test_photographs_that_would_share_results(folder, log, tmp_path):
    others = [tmp_path / name / "10.png" for name in ("b", "c")]
    for path in others:
        write_photograph(path, picture(CALM, 5))
    summary = process([folder, *others], Mapper(str(log)), tmp_path / "out")
    assert (summary.n_done, summary.n_failed) == (4, 1)
    assert "name of another photograph's" in list(summary.rows())[-1]["error"]


def test_maps_made_elsewhere(folder, tmp_path):
    maps = tmp_path / "maps"
    maps.mkdir()
    for level in (10, 20):
        shape = read_image(folder / f"{level}.png").shape[:2]
        np.save(maps / f"{level}.npy", np.full(shape, level / 10))
    pipeline = make_pipeline(
        PrecomputedMapper(maps, sigma_per_unit=1.0), GuidedRefiner()
    )
    summary = process([folder], pipeline, tmp_path / "out", map_data="npy")
    for level in (10, 20):
        found = np.load(tmp_path / "out" / f"{level}_sigma.npy")
        np.testing.assert_allclose(found, level / 10, rtol=1e-5)
    assert summary.n_failed == 1
    assert "must hold one map of the photograph" in list(summary.rows())[-1]["error"]


class TestRefusals:
    """Before any work, and nothing written."""

    def check(self, folder, tmp_path, message, kind=ValueError, **changes):
        out = tmp_path / "out"
        given = {"paths": folder, "pipeline": SlidingWindowMapper(), "out": out}
        with pytest.raises(kind, match=message):
            process(**{**given, **changes})
        assert not out.exists()

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"pipeline": SlidingWindowMapper(step=0)}, "'step' parameter of Sliding"),
            ({"pipeline": SlidingWindowMapper}, "an estimator with 'transform' or"),
            ({"pipeline": None}, "must have a step at least, a mapper"),
            ({"pictures": {"mask": 3}}, "an estimator with .*; got 3"),
            ({"pictures": {"map": SDoFRenderer()}}, "pictures must be named .* 'map'"),
            ({"pictures": {"My_x": SDoFRenderer()}}, "named by lower-case .* 'My_x'"),
            ({"pictures": {"a": SDoFRenderer(7.0, 3.0)}}, "c0 < c1 < pivot"),
            ({"n_jobs": 0}, "n_jobs == 0"),
            ({"n_jobs": "many"}, "'n_jobs' parameter of process"),
            ({"map_data": "jpg"}, "'map_data' parameter of process .* 'jpg'"),
            ({"max_pixels": 0}, "'max_pixels' parameter of process"),
            ({"subject": (1, 2, 3)}, "subject must be a point"),
        ],
    )
    def test_parameters(self, folder, tmp_path, changes, message):
        self.check(folder, tmp_path, message, **changes)

    def test_an_output_without_a_name(self, folder, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(ValueError, match=r"folder must have a name; got ''\.$"):
            process(folder, SlidingWindowMapper(), "")
        assert [path.name for path in tmp_path.iterdir()] == ["in"]

    def test_a_report_of_somebody_else_s(self, folder, log, tmp_path):
        out = tmp_path / "out"
        out.mkdir()
        (out / "report.csv").write_text("mine")
        with pytest.raises(ValueError, match=r"report\.csv exists and was not"):
            process(folder, Mapper(str(log)), out)
        assert [path.name for path in out.iterdir()] == ["report.csv"]
        assert (out / "report.csv").read_text() == "mine"
        assert n_worked(log) == 0
        # It is in nobody's way if there is none to write.
        assert process(folder, Mapper(str(log)), out, report=False).n_done == 3

    def test_steps_that_are_not_fitted(self, folder, tmp_path):
        for mapper in (
            CalibratedMapper(LaplacianVarianceMapper()),
            SlidingWindowMapper(PatchBlurClassifier()),
        ):
            self.check(folder, tmp_path, "fitted", NotFittedError, pipeline=mapper)

    def test_folders(self, folder, tmp_path):
        (tmp_path / "empty").mkdir()
        self.check(folder, tmp_path, "holds no photograph", paths=[tmp_path / "empty"])
        self.check(folder, tmp_path, "both the folder of photographs", out=folder)
        file = folder / "10.png"
        self.check(folder, tmp_path, "is a file, not a folder to write to", out=file)
        assert np.array_equal(sorted(folder.iterdir()), sorted(folder.glob("?0.png")))


def test_what_is_unknown_is_hatched_counted_and_written(tmp_path, small_photo):
    write_photograph(tmp_path / "a.png", small_photo)
    mapper, out = SlidingWindowMapper(step=8), tmp_path / "out"
    (sample,) = mapper.transform([small_photo])

    def run(below):
        summary = process(
            tmp_path / "a.png",
            mapper,
            out,
            write_confidence=True,
            unknown_below=below,
        )
        (row,) = summary.rows()
        unknown = sample.confidence < below
        assert row["share_unknown"] == pytest.approx(unknown.mean(), abs=1e-4)
        hatched = hatch_unknown(color_map(sample.blur_map), unknown)
        np.testing.assert_array_equal(read_image(out / "a_map.png"), hatched)
        return row

    for below in (0.25, float(np.median(sample.confidence))):
        assert run(below)["status"] == "done"
    assert "a_confidence.png" in run(below)["results"]
    found = read_image(out / "a_confidence.png")
    np.testing.assert_array_equal(found, np.rint(sample.confidence * 255))
    with pytest.raises(ValueError, match="'unknown_below' parameter of process"):
        run(2.0)
