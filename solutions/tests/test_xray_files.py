"""Image files of every kind and state, .npz archives, and the fetched PneumoniaMNIST."""

from __future__ import annotations

import functools
import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bayescnn import xray_files
from bayescnn.xray_files import XrayError, fetch_pneumoniamnist, load_npz, read_image, read_images

# A picture with all greys, smooth so that JPEG keeps it to within a few grey levels.
RAMP = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8) * 2


def save(folder: Path, name: str, image: Image.Image, **options: object) -> Path:
    image.save(folder / name, **options)
    return folder / name


@pytest.mark.parametrize("name", ["a.png", "a.jpeg", "a.bmp", "a.tif", "a.gif", "a.webp"])
def test_grey_files(tmp_path: Path, name: str) -> None:
    got = read_image(save(tmp_path, name, Image.fromarray(RAMP)), 64)
    assert got.shape == (64, 64) and got.dtype == np.uint8
    assert np.abs(got.astype(int) - RAMP).max() <= 4


def _modes() -> dict[str, Image.Image]:
    grey = Image.fromarray(RAMP)
    return {
        "rgb.png": grey.convert("RGB"),
        "rgb.jpeg": grey.convert("RGB"),
        "rgba.png": grey.convert("RGBA"),
        "la.png": grey.convert("LA"),
        "palette.png": grey.convert("P"),
        "cmyk.jpeg": grey.convert("CMYK"),
        "cmyk.tif": grey.convert("CMYK"),
        "16bit.png": Image.fromarray(RAMP.astype(np.uint16) * 257),
        "16bit.tif": Image.fromarray(RAMP.astype(np.uint16) * 257),
        "12bit.png": Image.fromarray(np.round(RAMP * (4095 / 255)).astype(np.uint16)),
        "32bit.tif": Image.fromarray(RAMP.astype(np.int32)),
        "float.tif": Image.fromarray(RAMP.astype(np.float32)),
    }


@pytest.mark.parametrize("name", _modes())
def test_every_mode_gives_the_same_grey(tmp_path: Path, name: str) -> None:
    got = read_image(save(tmp_path, name, _modes()[name]), 64)
    assert np.abs(got.astype(int) - RAMP).max() <= 4


def test_one_bit_and_transparent(tmp_path: Path) -> None:
    mask = Image.fromarray(RAMP > 100)
    np.testing.assert_array_equal(read_image(save(tmp_path, "1.png", mask), 64) > 0, RAMP > 100)
    clear = Image.fromarray(np.full((64, 64, 4), (255, 255, 255, 0), np.uint8))
    assert read_image(save(tmp_path, "clear.png", clear), 64).max() == 0


def test_resizing_averages_and_ignores_aspect(tmp_path: Path) -> None:
    checks = np.tile(np.array([[0, 255], [255, 0]], np.uint8), (64, 96))
    got = read_image(save(tmp_path, "checks.png", Image.fromarray(checks)), 32)
    assert got.shape == (32, 32)
    assert np.abs(got.astype(int) - 127).max() <= 3  # nearest neighbours would give 0 and 255


def test_exif_orientation_is_followed(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    path = save(tmp_path, "turned.png", Image.fromarray(RAMP), exif=exif)
    np.testing.assert_array_equal(read_image(path, 64), RAMP[::-1, ::-1])


def _bad_files(folder: Path) -> dict[str, Path]:
    whole = save(folder, "whole.jpeg", Image.fromarray(RAMP)).read_bytes()
    contents = {
        "empty.jpeg": b"",
        "text.jpeg": b"I am no image",
        "truncated.jpeg": whole[: len(whole) // 2],
        "header.png": b"\x89PNG\r\n\x1a\n" + b"\0" * 50,
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    save(folder, "tiny.png", Image.new("L", (5, 5)))
    save(folder, "long.png", Image.new("L", (400, 40)))
    save(folder, "huge.png", Image.new("1", (9000, 9000)))
    save(folder, "nan.tif", Image.fromarray(np.full((64, 64), np.nan, np.float32)))
    names = [*contents, "tiny.png", "long.png", "huge.png", "nan.tif"]
    return {name: folder / name for name in names} | {"missing.png": folder / "missing.png"}


def test_each_bad_file_says_what_and_where(tmp_path: Path) -> None:
    says = {
        "empty.jpeg": "empty",
        "text.jpeg": "not an image",
        "truncated.jpeg": "cannot be read",
        "header.png": "cannot be read|not an image",
        "tiny.png": "5 x 5 pixels is no X-ray size",
        "long.png": "400 x 40 pixels is no X-ray size",
        "huge.png": "9000 x 9000 pixels is no X-ray size",
        "nan.tif": "outside",
        "missing.png": "no such file",
    }
    for name, path in _bad_files(tmp_path).items():
        with pytest.raises(XrayError, match=says[name]) as caught:
            read_image(path, 32)
        assert str(path) in str(caught.value)


def test_many_bad_files_come_in_one_message(tmp_path: Path) -> None:
    good = save(tmp_path, "good.png", Image.fromarray(RAMP))
    bad = [tmp_path / f"bad{index:02}.png" for index in range(13)]
    for path in bad:
        path.touch()
    with pytest.raises(XrayError, match="13 of 14 images cannot be used") as caught:
        read_images([good, *bad], 32)
    message = str(caught.value)
    assert "bad00.png" in message and "bad09.png" in message and "bad10.png" not in message
    assert "and 3 more" in message
    assert read_images([good, good], 32).shape == (2, 32, 32)


# Archives ----------------------------------------------------------------------------------------


def arrays(size: int = 28) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    found = {}
    for part, n in (("train", 6), ("val", 3), ("test", 4)):
        found[f"{part}_images"] = random.integers(0, 256, (n, size, size), np.uint8)
        found[f"{part}_labels"] = (np.arange(n) % 2)[:, np.newaxis].astype(np.uint8)
    return found


def test_npz(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **arrays())
    data = load_npz(tmp_path / "a.npz", 28)
    np.testing.assert_array_equal(data.train.images, arrays()["train_images"])
    assert data.test.labels.tolist() == [0, 1, 0, 1] and data.test.labels.dtype == np.int64
    assert data.class_names == ("NORMAL", "PNEUMONIA")
    everyone = np.concatenate([data.train.patients, data.val.patients, data.test.patients])
    assert len(np.unique(everyone)) == 13  # each image its own patient
    assert load_npz(tmp_path / "a.npz", 40).val.images.shape == (3, 40, 40)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"val_images": None}, "val_images"),
        ({"train_images": np.zeros((6, 28, 28), np.float32)}, "float32"),
        ({"train_images": np.zeros((6, 28, 28, 3), np.uint8)}, r"\(6, 28, 28, 3\)"),
        ({"train_images": np.zeros((6, 3, 3), np.uint8)}, "no X-ray size"),
        ({"test_labels": np.zeros(3, int)}, "4 images but 3 labels"),
        ({"train_labels": np.zeros(6, int)}, "one class"),
        ({"train_labels": np.full(6, 0.5)}, "integers"),
        ({"train_labels": np.array([None] * 6)}, "not a readable"),
    ],
)
def test_bad_arrays(tmp_path: Path, change: dict[str, np.ndarray | None], says: str) -> None:
    content = {name: value for name, value in (arrays() | change).items() if value is not None}
    np.savez(tmp_path / "a.npz", **content)
    with pytest.raises(XrayError, match=says) as caught:
        load_npz(tmp_path / "a.npz", 28)
    assert "a.npz" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"no archive at all", b"PK\x03\x04 cut off"])
def test_files_that_are_no_archive(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(XrayError, match=r"not a readable .npz"):
        load_npz(tmp_path / "a.npz", 28)
    with pytest.raises(XrayError, match="no such file"):
        load_npz(tmp_path / "b.npz", 28)


# Fetching ----------------------------------------------------------------------------------------


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Path]]:
    """A stand-in for Zenodo: (its address, the folder that it serves)."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    folder = tmp_path / "served"
    folder.mkdir()
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as stand_in:
        thread = threading.Thread(target=stand_in.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{stand_in.server_address[1]}", folder
        stand_in.shutdown()
        thread.join()


def test_fetches_once_and_checks(
    server: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, folder = server
    np.savez(folder / "pneumoniamnist_64.npz", **arrays(64))
    published = hashlib.md5((folder / "pneumoniamnist_64.npz").read_bytes()).hexdigest()
    monkeypatch.setitem(xray_files.PNEUMONIAMNIST_MD5, 64, published)
    path = fetch_pneumoniamnist(64, tmp_path / "cache", url)
    assert load_npz(path, 64).train.images.shape == (6, 64, 64)
    (folder / "pneumoniamnist_64.npz").unlink()  # the second time comes from the cache
    assert fetch_pneumoniamnist(64, tmp_path / "cache", url) == path


def test_wrong_checksum_keeps_nothing(server: tuple[str, Path], tmp_path: Path) -> None:
    url, folder = server
    np.savez(folder / "pneumoniamnist.npz", **arrays())
    with pytest.raises(XrayError, match=r"other MD5.*--data pneumoniamnist.npz"):
        fetch_pneumoniamnist(28, tmp_path / "cache", url)
    assert list((tmp_path / "cache").iterdir()) == []


def test_network_errors(server: tuple[str, Path], tmp_path: Path) -> None:
    with pytest.raises(XrayError, match=r"could not be fetched.*by hand"):  # 404
        fetch_pneumoniamnist(128, tmp_path / "cache", server[0])
    with pytest.raises(XrayError, match=r"could not be fetched.*by hand"):  # nobody listens
        fetch_pneumoniamnist(28, tmp_path / "cache", "http://127.0.0.1:9")
    assert list((tmp_path / "cache").glob("*")) == []
    with pytest.raises(XrayError, match=r"sizes \[28, 64, 128, 224\], not 100"):
        fetch_pneumoniamnist(100)


def test_published_checksums() -> None:
    assert sorted(xray_files.PNEUMONIAMNIST_MD5) == [28, 64, 128, 224]
    assert all(len(md5) == 32 for md5 in xray_files.PNEUMONIAMNIST_MD5.values())
