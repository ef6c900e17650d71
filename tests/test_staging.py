"""S3_BUCKET: training rows staged in a directory or URL that the setting ``staging`` names."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests_support import POINTS, SMALL_MODEL

import vesto

SMALL = SMALL_MODEL.format(name="m", function="f")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "stage"


def files_of(place: Path) -> list[str]:
    return sorted(str(p.relative_to(place)) for p in place.rglob("*") if p.is_file())


def test_kept_rows_stand_in_the_directory_of_the_bucket(path: Path, place: Path) -> None:
    with vesto.connect(path, settings={"staging": {"bucket": str(place)}}) as session:
        session.execute(POINTS)
        session.execute(f"{SMALL} SETTINGS (S3_BUCKET 'bucket', S3_GARBAGE_COLLECT OFF)")
        model = session.model("m")
        job = model.definition.job_name
        made = ["model.json", "program.safetensors.zlib", "report.json"]
        kept = [f"{model.id}/snapshot.parquet", *(f"{job}/{name}" for name in made)]
        assert files_of(place) == kept
        assert pq.read_table(place / model.id / "snapshot.parquet").num_rows == 600
        assert dict(session.execute("SHOW MODEL m").rows())["S3 Bucket"] == "bucket"
        session.execute("DROP MODEL m")
        assert files_of(place) == kept


@pytest.mark.parametrize("url", [False, True])
def test_rows_are_removed_once_the_model_is_ready(path: Path, place: Path, url: bool) -> None:
    where = f"file://{place}" if url else str(place)
    with vesto.connect(path, settings={"staging": {"bucket": where}}) as session:
        session.execute(POINTS)
        session.execute(f"{SMALL} SETTINGS (S3_BUCKET 'bucket')")
        assert session.execute("SELECT count(f(a, b, c)) FROM points").rows() == [(600,)]
        assert place.is_dir()
        assert list(place.iterdir()) == []


def test_a_relative_directory_starts_at_the_warehouse(path: Path) -> None:
    with vesto.connect(path, settings={"staging": {"bucket": "staged"}}) as session:
        session.execute(POINTS)
        session.execute(f"{SMALL} SETTINGS (S3_BUCKET 'bucket', S3_GARBAGE_COLLECT OFF)")
        assert files_of(path / "staged")[0] == f"{session.model('m').id}/snapshot.parquet"


def test_a_dropped_job_takes_its_rows_along(path: Path, place: Path) -> None:
    settings = {"staging": {"bucket": str(place)}}
    with vesto.connect(path, settings=settings, wait=False) as session:
        session.execute(POINTS)
        session.execute(f"{SMALL} SETTINGS (S3_BUCKET 'bucket')".replace("'5'", "'1000000'"))
        assert len(files_of(place)) == 1
        session.execute("DROP MODEL m")
        assert list(place.iterdir()) == []


def test_a_job_whose_model_is_gone_takes_its_rows_along(path: Path, place: Path) -> None:
    """As a process killed inside DROP MODEL leaves it."""
    settings = {"staging": {"bucket": str(place)}}
    with vesto.connect(path, settings=settings, wait=False) as session:
        session.execute(POINTS)
        session.execute(f"{SMALL} SETTINGS (S3_BUCKET 'bucket')".replace("'5'", "'1000000'"))
        session.warehouse.catalog.remove(session.model("m"))
    with vesto.connect(path, settings=settings):
        assert list(place.iterdir()) == []
        assert list((path / "jobs").iterdir()) == []


@pytest.mark.parametrize(
    ("staging", "words"),
    [
        ({"other": "x", "more": "y"}, ["'bucket' is not known", "more, other"]),
        ({"bucket": "s3://key:secret@host/x"}, ["has credentials", "environment"]),
        ({"bucket": "/proc/nowhere"}, ["could not be written to S3_BUCKET 'bucket'"]),
        ({"bucket": "unknown://x"}, ["could not be written to S3_BUCKET 'bucket'"]),
    ],
)
def test_a_bucket_that_cannot_be_used_is_said_and_nothing_is_left(
    path: Path, staging: dict[str, str], words: list[str]
) -> None:
    with vesto.connect(path, settings={"staging": staging}) as session:
        session.execute(POINTS)
        with pytest.raises(vesto.VestoError) as caught:
            session.execute(f"{SMALL} SETTINGS (S3_BUCKET 'bucket')")
        assert all(word in str(caught.value) for word in words)
        assert "secret" not in str(caught.value)
        assert session.execute("SHOW MODEL ALL").rows() == []
        assert list((path / "jobs").iterdir()) == []


def test_a_bucket_without_the_setting_is_recorded_and_the_warehouse_stages(
    path: Path,
) -> None:
    with vesto.connect(path) as session:
        session.execute(POINTS)
        session.execute(f"{SMALL} SETTINGS (S3_BUCKET 'any', S3_GARBAGE_COLLECT OFF)")
        kept = path / "jobs" / session.model("m").id / "snapshot.parquet"
        assert pq.read_table(kept).num_rows == 600


def test_staged_rows_that_are_gone_fail_the_model(path: Path, place: Path) -> None:
    settings = {"staging": {"bucket": str(place)}}
    with vesto.connect(path, settings=settings) as session:
        session.execute(POINTS)
        steps = session.warehouse.versions.jobs
        start = steps.start

        def lose_rows(model_id: str) -> None:
            (place / model_id / "snapshot.parquet").unlink()
            start(model_id)

        steps.start = lose_rows  # type: ignore[method-assign]
        with pytest.raises(vesto.VestoError, match="training rows cannot be read"):
            session.execute(f"{SMALL} SETTINGS (S3_BUCKET 'bucket')")
