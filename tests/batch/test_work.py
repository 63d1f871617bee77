"""The work on one photograph, in this process: what is finished, what is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from skdefocus import AdaptiveUnsharpMask, DefocusSegmenter
from skdefocus.batch.jobs import Job, list_jobs
from skdefocus.batch.output_folder import open_run
from skdefocus.batch.products import Form
from skdefocus.batch.work import STARTED_BEFORE, work
from skdefocus.io import read_image, write_photograph
from tests.batch.steps import CALM, WRONG, Inverter, Mapper, make_task, picture
from tests.io.pictures import smooth
from tests.io.tiff_files import dng


@pytest.fixture
def job(tmp_path):
    photo = tmp_path / "in" / "a.png"
    write_photograph(photo, picture(CALM, 30))
    return Job(0, photo, "in/a.png", "100/a")


@pytest.fixture
def run_once(tmp_path, log, job):
    """Work on the photograph in a run of its own."""

    def run(job=job, pipeline=None, **changes):
        pipeline = Mapper(str(log)) if pipeline is None else pipeline
        with open_run(tmp_path / "out") as folder:
            return work(make_task(folder, pipeline, **changes), job)

    return run


def n_worked(log) -> int:
    return len(log.read_text().splitlines())


def test_results_and_row(run_once, tmp_path):
    row = run_once(pictures={"inverse": Inverter()}, overview=True)
    folder = tmp_path / "out" / "100"
    assert row["results"] == [
        f"100/a_{name}"
        for name in ("map.png", "map16.png", "sigma.tif", "inverse.png", "overview.png")
    ]
    assert {path.name for path in folder.iterdir()} == {
        name.removeprefix("100/") for name in row["results"]
    }
    np.testing.assert_array_equal(read_image(folder / "a_sigma.tif"), np.float32(3))
    assert (read_image(folder / "a_inverse.png")[5:] == 225).all()
    assert (row["photo"], row["status"], row["error"]) == ("in/a.png", "done", "")
    assert (row["width"], row["height"], row["sigma_mean"]) == (48, 40, 3.0)
    assert row["seconds"] > 0


def test_finished_work_is_kept(run_once, log):
    first, second = run_once(), run_once()
    assert n_worked(log) == 1
    assert second == first | {"status": "kept"}
    assert run_once(resume=False)["status"] == "done"
    assert n_worked(log) == 2


def test_work_that_this_run_finished_counts_as_done(tmp_path, log, job):
    with open_run(tmp_path / "out") as folder:
        task = make_task(folder, Mapper(str(log)))
        first = work(task, job)
        assert work(task, job) == first
    assert n_worked(log) == 1


def test_changed_content_under_the_same_name_is_new_work(run_once, log, job):
    run_once()
    write_photograph(job.photo, picture(CALM, 31))
    assert run_once()["sigma_mean"] == pytest.approx(3.1)
    write_photograph(job.photo, picture(CALM, 30))
    assert run_once()["status"] == "done"
    assert n_worked(log) == 3


def test_other_parameters_are_new_work_and_so_are_the_old_ones_again(run_once, log):
    for key in ("key", "other", "key"):
        assert run_once(key=key)["status"] == "done"
    assert n_worked(log) == 3


def test_only_the_products_that_are_missing_are_made(run_once, log, tmp_path):
    folder = tmp_path / "out" / "100"
    run_once()
    written = (folder / "a_map16.png").stat().st_mtime_ns
    row = run_once(pictures={"inverse": Inverter()})
    assert row["status"] == "done"
    assert row["results"][-1] == "100/a_inverse.png"
    assert (folder / "a_map16.png").stat().st_mtime_ns == written
    # Both are finished now, together and each alone.
    assert run_once(pictures={"inverse": Inverter()})["status"] == "kept"
    assert run_once()["status"] == "kept"
    assert n_worked(log) == 2


def test_an_overview_shows_pictures_that_are_kept(run_once, tmp_path):
    run_once(pictures={"inverse": Inverter()})
    row = run_once(pictures={"inverse": Inverter()}, overview=True)
    alone = run_once(
        job=Job(1, tmp_path / "in" / "a.png", "in/a.png", "b"),
        pictures={"inverse": Inverter()},
        overview=True,
    )
    contents = [
        (tmp_path / "out" / done["results"][-1]).read_bytes() for done in (row, alone)
    ]
    assert row["results"][-1] == "100/a_overview.png"
    assert contents[0] == contents[1]


def test_all_threads_give_the_same_bits(run_once, tmp_path, job, small_photo):
    from skdefocus.recipes import recommended_steps

    write_photograph(job.photo, small_photo)
    pipeline = make_pipeline(*[step for _, step in recommended_steps()])
    row = run_once(pipeline=pipeline, max_pixels=20_000)
    with open_run(tmp_path / "other") as folder:
        task = make_task(folder, pipeline, max_pixels=20_000)
        assert work(task, job, all_threads=True)["results"] == row["results"]
    for name in row["results"]:
        one, all_of_them = (tmp_path / out / name for out in ("out", "other"))
        assert one.read_bytes() == all_of_them.read_bytes()


def test_another_subject_is_new_work(run_once, log, tmp_path):
    mask = np.zeros((40, 48), np.uint8)
    mask[:, :20] = 255
    for name in ("all/100/a.png", "one.png"):
        write_photograph(tmp_path / name, mask)
    assert run_once(subject=(2, 3, 10, 12))["sharpest_left"] == 2
    assert run_once(subject=(2, 3, 10, 12))["status"] == "kept"
    assert run_once(subject=(3, 3, 10, 12))["sharpest_left"] == 3
    assert run_once(subject=tmp_path / "one.png")["sharpest_width"] == 20
    # The same mask, found elsewhere.
    assert run_once(subject=tmp_path / "all")["status"] == "kept"
    write_photograph(tmp_path / "one.png", mask.T.reshape(mask.shape))
    assert run_once(subject=tmp_path / "one.png")["status"] == "done"
    assert n_worked(log) == 4


def test_results_that_are_gone_are_made_again(run_once, log, tmp_path):
    run_once()
    path = tmp_path / "out" / "100" / "a_map16.png"
    whole = path.read_bytes()
    path.unlink()
    assert run_once()["status"] == "done"
    assert path.read_bytes() == whole
    assert n_worked(log) == 2


def test_results_that_were_edited_are_in_the_way(run_once, tmp_path, log):
    run_once()
    path = tmp_path / "out" / "100" / "a_map16.png"
    whole = path.read_bytes()
    for edited in (whole[:50], whole[:-1] + b"!"):
        path.write_bytes(edited)
        for options in ({}, {"resume": False}):
            assert run_once(**options)["error"] == (
                f"in/a.png: {path} was changed or replaced after skdefocus wrote it; "
                f"move it away or give another output folder."
            )
            assert path.read_bytes() == edited
    path.write_bytes(whole)
    assert run_once()["status"] == "kept"
    # They were noticed before the work.
    assert n_worked(log) == 1


def test_files_of_others_are_noticed_before_the_work(run_once, tmp_path, log):
    path = tmp_path / "out" / "100" / "a_map.png"
    path.parent.mkdir(parents=True)
    path.write_text("one's own")
    error = f"in/a.png: {path} exists and was not written by skdefocus; move it away or"
    assert run_once()["error"].startswith(error)
    assert n_worked(log) == 0
    # In nobody's way once it has another name.
    path.rename(path.with_name("own.png"))
    assert run_once()["status"] == "done"


def test_edited_pictures_of_another_format_are_in_nobody_s_way(run_once, tmp_path, log):
    pictures = {"inverse": Inverter()}
    run_once(pictures=pictures)
    path = tmp_path / "out" / "100" / "a_inverse.png"
    path.write_text("an edit")
    form = Form(picture_format="jpg")
    assert run_once(key="jpg", pictures=pictures, form=form)["error"] == ""
    assert run_once(key="tif", pictures=pictures)["error"].startswith(
        f"in/a.png: {path} was changed or replaced after skdefocus wrote it"
    )
    assert path.read_text() == "an edit"


class TestFilesOfOneName:
    """Of one folder, as their results take turns under one name."""

    @pytest.fixture
    def run_all(self, tmp_path, log):
        def run():
            with open_run(tmp_path / "out") as folder:
                task = make_task(folder, Mapper(str(log)))
                rows = [
                    work(task, job)
                    for job in list_jobs([tmp_path / "in"], tmp_path / "out")
                ]
            assert [row["error"] for row in rows] == [""] * len(rows)
            return {Path(row["results"][0]).name: row["status"] for row in rows}

        return run

    def test_a_file_that_comes_beside_another(self, run_all, tmp_path):
        write_photograph(tmp_path / "in" / "a.tif", picture(CALM, 30))
        assert run_all() == {"a_map.png": "done"}
        write_photograph(tmp_path / "in" / "a.png", picture(CALM, 40))
        assert run_all() == {"a_map.png": "done", "a_tif_map.png": "done"}
        assert run_all() == {"a_map.png": "kept", "a_tif_map.png": "kept"}
        sigma = read_image(tmp_path / "out" / "a_tif_sigma.tif")
        np.testing.assert_array_equal(sigma, np.float32(3))
        # And what is left of them.
        (tmp_path / "in" / "a.png").unlink()
        assert run_all() == {"a_map.png": "done"}
        assert run_all() == {"a_map.png": "kept"}

    def test_what_is_left_of_a_raw_file_and_its_jpeg(self, run_all, tmp_path):
        pytest.importorskip("rawpy", reason="the extra raw is not installed")
        # JPEG would change a first pixel that differs.
        gray = np.full((40, 48, 3), 64, np.uint8)
        write_photograph(tmp_path / "in" / "a.jpg", gray)
        dng(tmp_path / "in" / "a.dng", smooth(40, 60, bits=16))
        assert run_all() == {"a_map.png": "done"}
        (tmp_path / "in" / "a.jpg").unlink()
        assert run_all() == {"a_map.png": "done"}
        assert run_all() == {"a_map.png": "kept"}


def test_another_photograph_of_the_same_name_fails(run_once, tmp_path, job, log):
    run_once()
    other = replace(job, photo=tmp_path / "other" / "a.png", name="other/a.png")
    write_photograph(other.photo, picture(CALM, 40))
    path = tmp_path / "out" / "100" / "a_map.png"
    assert run_once(other)["error"] == (
        f"other/a.png: {path} is a result of another photograph of the same name, "
        f"{job.photo}; move it away or give another output folder."
    )
    assert run_once()["status"] == "kept"
    # Moved, it is the same photograph.
    job.photo.replace(other.photo)
    assert run_once(other)["status"] == "kept"
    assert n_worked(log) == 1


def test_another_format_takes_the_place_of_the_earlier_one(run_once, tmp_path):
    run_once()
    row = run_once(key="npy", form=Form(map_data="npy"))
    assert row["error"] == ""
    names = {path.name for path in (tmp_path / "out" / "100").iterdir()}
    assert names == {"a_map.png", "a_map16.png", "a_sigma.npy"}


def test_a_missing_mask_is_told_with_the_photograph(run_once, tmp_path):
    (tmp_path / "masks").mkdir()
    row = run_once(subject=tmp_path / "masks")
    mask = tmp_path / "masks" / "100" / "a.png"
    assert row["error"] == f"there is no subject mask {mask} for in/a.png."


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "in/a.png does not exist."),
        (b"", "in/a.png is empty."),
        (
            b"text",
            "in/a.png is not an image that can be read (JPEG, PNG, TIFF, WebP and "
            "others).",
        ),
    ],
)
def test_bad_files_are_rows_with_a_reason(run_once, job, content, message, tmp_path):
    job.photo.unlink()
    if content is not None:
        job.photo.write_bytes(content)
    row = run_once()
    assert (row["status"], row["error"]) == ("failed", message)
    assert not (tmp_path / "out" / "100").exists()


def test_damaged_photographs(run_once, job):
    job.photo.write_bytes(job.photo.read_bytes()[:-30])
    assert run_once()["error"].startswith("in/a.png is damaged or truncated: ")


def test_whatever_a_step_raises_is_a_row(run_once, job):
    write_photograph(job.photo, picture(WRONG, 30))
    row = run_once()
    assert row["error"] == "in/a.png: RuntimeError: the lens cap was on"
    assert row["seconds"] >= 0


def test_pipelines_without_a_map(run_once):
    row = run_once(pipeline=make_pipeline(None, "passthrough"))
    assert row["error"].startswith("in/a.png: the pipeline gives no blur map")


def test_pipelines_that_end_in_a_picture_or_a_mask(run_once, log, tmp_path):
    pipeline = make_pipeline(Mapper(str(log)), make_pipeline(Inverter()))
    row = run_once(pipeline=pipeline, key="picture")
    assert row["results"][-1] == "100/a_picture.png"
    segmenter = DefocusSegmenter(3.5, reference="absolute")
    row = run_once(pipeline=make_pipeline(Mapper(str(log)), segmenter), key="mask")
    assert row["results"][-1] == "100/a_focus_mask.png"
    assert row["in_focus"] == 1
    # White where in focus.
    assert (read_image(tmp_path / "out" / "100" / "a_focus_mask.png") == 255).all()


def test_scores_are_written_as_such(run_once, tmp_path, small_photo, job):
    from skdefocus import LaplacianVarianceMapper

    write_photograph(job.photo, small_photo)
    row = run_once(pipeline=LaplacianVarianceMapper(), max_pixels=20_000)
    assert row["unit"] == "relative"
    names = [f"100/a_{name}" for name in ("map.png", "score.tif")]
    assert row["results"] == names
    assert read_image(tmp_path / "out" / names[1]).max() <= 1


@pytest.mark.parametrize("kind", ["flat", "textured"])
def test_nearly_nothing_to_judge_is_noted_now_and_when_kept(
    run_once, job, small_photo, kind
):
    from skdefocus import SlidingWindowMapper

    flat = np.full((80, 90, 3), 128, np.uint8)
    write_photograph(job.photo, flat if kind == "flat" else small_photo)
    rows = [run_once(pipeline=SlidingWindowMapper(), max_pixels=20_000) for _ in "ab"]
    assert [row["status"] for row in rows] == ["done", "kept"]
    for row in rows:
        if kind == "flat":
            assert row["share_unknown"] > 0.95
            (note,) = row["notes"]
            assert note.startswith("in/a.png: nearly nothing can be judged: ")
        else:
            assert row["share_unknown"] < 0.9
            assert row["notes"] == []


def test_photographs_that_change_meanwhile(run_once, job, log):
    class Changing(Mapper):
        def _map(self, image):
            write_photograph(job.photo, picture(CALM, 99))
            return super()._map(image)

    row = run_once(pipeline=Changing(str(log)))
    assert row["error"] == "in/a.png was changed while it was worked on."


def test_a_photograph_that_was_started_before_is_left(tmp_path, log, job):
    with open_run(tmp_path / "out") as folder:
        task = make_task(folder, Mapper(str(log)))
        folder.note(0, 1)
        assert work(task, job) == {"status": STARTED_BEFORE}
        assert folder.is_noted(0, 1)
        assert work(task, replace(job, attempt=2))["status"] == "done"
        assert not folder.is_noted(0, 2)


def test_workers_that_do_not_see_the_output(tmp_path, log, job):
    with open_run(tmp_path / "out") as folder:
        task = make_task(folder, Mapper(str(log)))
    with open_run(tmp_path / "out"):
        row = work(task, job)
    assert "must be shared by all workers" in row["error"]
    assert n_worked(log) == 0


class TestRawFiles:
    """What is measured of them, and what the report says of it."""

    @pytest.fixture
    def raw_job(self, tmp_path):
        pytest.importorskip("rawpy", reason="the extra raw is not installed")

        def make(**options):
            path = tmp_path / "in" / "r.dng"
            path.parent.mkdir(exist_ok=True)
            dng(path, smooth(40, 60, bits=16), **options)
            return Job(0, path, "in/r.dng", "r", others=("in/r.jpg",))

        return make

    def test_the_raw_file_is_developed(self, run_once, raw_job):
        job = raw_job(preview=(60, 40))
        row = run_once(job, pictures={"sharpened": AdaptiveUnsharpMask()})
        assert row["error"] == ""
        assert (row["source"], row["others"]) == ("raw file", ["in/r.jpg"])
        assert "r_sharpened.tif" in row["results"]

    def test_the_preview_is_measured_if_it_is_asked_for_and_large(
        self, run_once, raw_job, log
    ):
        job = raw_job(preview=(48, 32))
        row = run_once(job, raw_previews=True)
        assert row["source"] == "preview in the raw file"
        assert (row["width"], row["height"]) == (48, 32)
        again = run_once(job, raw_previews=True)
        assert (again["status"], again["source"]) == ("kept", row["source"])
        # Another work than that on the file itself.
        assert run_once(job)["source"] == "raw file"
        row = run_once(raw_job(preview=(30, 20)), raw_previews=True)
        assert (row["source"], row["width"]) == ("raw file", 60)

    def test_other_formats_are_named(self, run_once, job):
        row = run_once()
        assert (row["source"], row["others"]) == ("PNG", [])
