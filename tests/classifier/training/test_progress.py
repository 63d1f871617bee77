from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from skdefocus.classifier.training.progress import TrainingBar


def test_one_bar_on_standard_error(small, make_classifier, capfd):
    X, y, groups = small
    classifier = make_classifier(validation_fraction=0.3, verbose=1)
    classifier.fit(X, y, groups)
    out, error = capfd.readouterr()
    assert out == ""
    last = re.split("[\r\n]", error.strip())[-1]
    assert re.match(r"epoch 2/2 \|.*\| 00:00 left, loss \d+\.\d{3} \(val ", last)
    assert re.search(r"accuracy \d+% \(val \d+%\)$", last)


def test_a_training_is_silent_unless_asked(small, make_classifier, capfd):
    make_classifier(epochs=1).fit(*small[:2])
    assert capfd.readouterr() == ("", "")


# Keras converts losses in a way that NumPy 2 warns of, and swallows the error.
@pytest.mark.filterwarnings("ignore:__array__ implementation")
def test_verbose_2_prints_a_line_for_every_epoch(small, make_classifier, capfd):
    make_classifier(verbose=2).fit(*small[:2])
    out, error = capfd.readouterr()
    assert out.splitlines()[0] == "Epoch 1/2"
    assert len(out.splitlines()) == 4
    assert error == ""


def last_line(text):
    return re.split("[\r\n]", text.strip())[-1].strip()


def test_a_bar_goes_on_where_a_training_was_left(capfd):
    with TrainingBar(4, 5, first_epoch=3) as bar:
        bar.begin_epoch(3)
        error = capfd.readouterr().err
        assert "epoch 4/4 |" in last_line(error)
        # Three quarters of the bar are full.
        full, empty = error.count("█"), error.count(" ")
        assert full > empty / 2
        bar.end_epoch(3, {"loss": 0.25, "accuracy": 0.5, "val_loss": 1, "lr": 9})
    assert re.fullmatch(
        r"epoch 4/4 \|.*\| .* left, loss 0\.250 \(val 1\.000\), accuracy 50%",
        last_line(capfd.readouterr().err),
    )


def test_validation_is_told_during_the_epoch_after(capfd):
    with TrainingBar(2, 1) as bar:
        bar.end_epoch(0, {"loss": 3.0, "val_loss": 2.0})
        capfd.readouterr()
        bar._tell({"loss": 1.5})
        bar._bar.refresh()
        assert last_line(capfd.readouterr().err).endswith("loss 1.500 (val 2.000)")


def test_logs_are_not_fetched_for_a_bar_that_is_not_shown(capfd):
    class Unread(Mapping):
        def __getitem__(self, name):
            raise AssertionError("read")

        __iter__ = __len__ = __getitem__

    with TrainingBar(1, 3, disable=True) as bar:
        for batch in range(3):
            bar.end_batch(batch, Unread())
    assert capfd.readouterr() == ("", "")


def test_a_bar_is_closed_by_an_error(capfd):
    def fail():
        with TrainingBar(1, 3) as bar:
            raise RuntimeError(bar._bar)

    with pytest.raises(RuntimeError) as error:
        fail()
    (bar,) = error.value.args
    before = capfd.readouterr().err
    assert before.endswith("\n")
    bar.refresh()
    assert bar.disable
