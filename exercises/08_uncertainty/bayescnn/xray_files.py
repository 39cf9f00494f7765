"""X-ray image files: read one, read thousands, read PneumoniaMNIST, and say what is wrong with one.

Given to students; topic 06 (`chest_xrays`) builds on it. Every image becomes the same thing: a
square of 8-bit grey, whatever the file held. Every error names the file and what to do about it.

References:
    Kermany, Zhang, Goldbaum (2018), *Labeled OCT and Chest X-Ray Images for Classification*,
    Mendeley Data V2, doi:10.17632/rscbjbr9sj.2, CC BY 4.0.
    Yang et al. (2023), *MedMNIST v2*, Scientific Data 10:41, doi:10.1038/s41597-022-01721-8.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pooch
from PIL import Image, ImageOps, UnidentifiedImageError

IMAGE_SUFFIXES = frozenset({".jpeg", ".jpg", ".png", ".bmp", ".tif", ".tiff", ".gif", ".webp"})
MIN_SIDE = 28  # pixels: PneumoniaMNIST, the smallest published chest X-rays
MAX_SIDE = 8000  # pixels: detectors have at most about 4300; beyond this something else is meant
MAX_ASPECT = 4.0  # longer side / shorter side; the children's X-rays reach about 3

ZENODO = "https://zenodo.org/records/10519652/files"
# Published with MedMNIST 3 for Zenodo record 10519652; the key is the side in pixels.
PNEUMONIAMNIST_MD5 = {
    28: "28209eda62fecd6e6a2d98b1501bb15f",
    64: "8f4eceb4ccffa70c672198ea285246c6",
    128: "05b46931834c231683c68f40c47b2971",
    224: "d6a3c71de1b945ea11211b03746c1fe1",
}


class XrayError(ValueError):
    """X-ray data that cannot be used; the message says what, where, and what to do."""


@dataclass(frozen=True)
class Split:
    """One part (train, validation or test) of a set of X-rays.

    Attributes:
        images: (n, size, size) uint8, grey, 0 black.
        labels: (n,) int64, index into the class names.
        patients: (n,) str; images of one patient share it.
        names: (n,) str, the file below the data folder, or the index in an array.
        true_probability: (n,) float64, p(class 1) as the phantom knows it; None for real X-rays.
    """

    images: np.ndarray
    labels: np.ndarray
    patients: np.ndarray
    names: np.ndarray
    true_probability: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, which: np.ndarray) -> Split:
        """The images that a boolean mask or an index array chooses, as a Split."""
        p = self.true_probability
        return Split(
            self.images[which],
            self.labels[which],
            self.patients[which],
            self.names[which],
            None if p is None else p[which],
        )


@dataclass(frozen=True)
class XrayData:
    """A set of X-rays, ready to train on; `source` says in words where it came from."""

    train: Split
    val: Split
    test: Split
    class_names: tuple[str, ...]
    source: str


def read_image(path: str | Path, size: int) -> np.ndarray:
    """Read one X-ray as a square of 8-bit grey.

    Colour becomes luma (ITU-R 601); transparency lies on black; 16-bit files are scaled from the
    depth they use (8, 12 or 16 bit). The aspect ratio is not kept, so nothing is cut away.

    Args:
        path: an image file (JPEG, PNG, TIFF, BMP, GIF, WebP).
        size: side of the result, pixels.

    Returns:
        (size, size) uint8.

    Raises:
        XrayError: no such file, empty, unreadable, no image, or no size an X-ray has.
    """
    path = Path(path)
    if not path.is_file():
        raise XrayError(f"{path}: no such file")
    if path.stat().st_size == 0:
        raise XrayError(f"{path}: the file is empty (0 bytes); copy it again")
    try:
        with Image.open(path) as image:
            width, height = image.size
            short, long = min(width, height), max(width, height)
            if short < MIN_SIDE or long > MAX_SIDE or long > MAX_ASPECT * short:
                raise XrayError(
                    f"{path}: {width} x {height} pixels is no X-ray size (sides of {MIN_SIDE} to "
                    f"{MAX_SIDE} pixels, none over {MAX_ASPECT:g} times the other)"
                )
            # A JPEG decoder can give 1/2, 1/4 or 1/8 of the size, and luma alone: many times faster
            image.draft("L", (size, size))
            grey = _to_grey(ImageOps.exif_transpose(image))
            return np.asarray(grey.resize((size, size), Image.Resampling.BILINEAR))
    except XrayError:
        raise
    except UnidentifiedImageError as error:
        raise XrayError(f"{path}: not an image (or a damaged one); remove or replace it") from error
    except Image.DecompressionBombError as error:
        raise XrayError(f"{path}: far too many pixels for an X-ray") from error
    # Pillow's decoders raise almost anything on damaged data: SyntaxError, struct.error, ...
    except Exception as error:
        raise XrayError(f"{path}: cannot be read ({error}); remove or replace it") from error


def _to_grey(image: Image.Image) -> Image.Image:
    """Any Pillow mode to 8-bit grey ("L")."""
    if image.mode == "L":
        return image
    if image.mode.startswith("I") or image.mode == "F":  # 16 or 32 bits a pixel
        values = np.asarray(image, np.float64)
        if not np.isfinite(values).all() or values.min() < 0 or values.max() > 65535:
            raise ValueError("pixel values outside 0 ... 65535")
        # 12-bit detectors store their 0 ... 4095 in 16-bit files: take the depth that is used.
        depth = next(top for top in (255, 4095, 65535) if values.max() <= top)
        return Image.fromarray(np.round(values * (255 / depth)).astype(np.uint8))
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "La", "RGBa"):
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image)
    return image.convert("RGB").convert("L")  # by way of RGB, since CMYK has no other


def read_images(paths: Sequence[Path], size: int) -> np.ndarray:
    """Read many X-rays at once, in threads (Pillow decodes outside Python's lock).

    Args:
        paths: n image files.
        size: side of the result, pixels.

    Returns:
        (n, size, size) uint8, in the order of `paths`.

    Raises:
        XrayError: one message for all bad files, the first ten by name.
    """
    images = np.empty((len(paths), size, size), np.uint8)
    problems: list[str | None] = [None] * len(paths)

    def read(index: int) -> None:
        try:
            images[index] = read_image(paths[index], size)
        except XrayError as error:
            problems[index] = str(error)

    with ThreadPoolExecutor() as pool:
        list(pool.map(read, range(len(paths))))
    found = [problem for problem in problems if problem]
    if found:
        more = f"\n  ... and {len(found) - 10} more" if len(found) > 10 else ""
        raise XrayError(
            f"{len(found)} of {len(paths)} images cannot be used:\n  "
            + "\n  ".join(found[:10])
            + more
        )
    return images


def load_npz(path: str | Path, size: int) -> XrayData:
    """Read a MedMNIST-style archive such as `pneumoniamnist.npz`.

    Its arrays carry no patients, so each image counts as a patient of its own. MedMNIST split
    train and validation at random: X-rays of one child may be in both, and no one can tell.

    Args:
        path: .npz with `{train,val,test}_images` (n, h, w[, 1]) uint8 and `..._labels` (n[, 1]).
        size: side of the result, pixels; images of another side are resized.

    Returns:
        The three splits as the archive has them.

    Raises:
        XrayError: not an .npz, arrays missing or of the wrong kind, fewer than two classes.
    """
    path = Path(path)
    if not path.is_file():
        raise XrayError(f"{path}: no such file")
    splits = {}
    try:
        with np.load(path, allow_pickle=False) as archive:
            for part in ("train", "val", "test"):
                images, labels = archive[f"{part}_images"], archive[f"{part}_labels"]
                splits[part] = _npz_split(f"{path} ({part})", part, images, labels, size)
    except KeyError as error:
        raise XrayError(
            f"{path}: {error.args[0]}; the file needs train_images, train_labels, val_images, "
            "val_labels, test_images and test_labels"
        ) from error
    except XrayError:
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, AttributeError, TypeError) as error:
        raise XrayError(f"{path}: not a readable .npz archive ({error})") from error
    n_classes = int(max(split.labels.max() for split in splits.values())) + 1
    if len(np.unique(splits["train"].labels)) < 2:
        raise XrayError(f"{path}: train_labels hold one class only; at least two are needed")
    names = ("NORMAL", "PNEUMONIA") if n_classes == 2 else tuple(map(str, range(n_classes)))
    return XrayData(splits["train"], splits["val"], splits["test"], names, str(path))


def _npz_split(where: str, part: str, images: np.ndarray, labels: np.ndarray, size: int) -> Split:
    """Check one split of an archive and bring its images to `size`."""
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    labels = labels.reshape(-1)
    if images.ndim != 3 or images.dtype != np.uint8:
        raise XrayError(
            f"{where}: images of shape {images.shape} and type {images.dtype}; "
            "(n, height, width) uint8 is needed"
        )
    if not len(images) or len(images) != len(labels):
        raise XrayError(f"{where}: {len(images)} images but {len(labels)} labels")
    if not np.issubdtype(labels.dtype, np.integer) or labels.min() < 0:
        raise XrayError(f"{where}: labels must be integers from 0 on")
    if min(images.shape[1:]) < MIN_SIDE or max(images.shape[1:]) > MAX_SIDE:
        raise XrayError(f"{where}: {images.shape[2]} x {images.shape[1]} pixels is no X-ray size")
    if images.shape[1:] != (size, size):
        resized = (
            Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR)
            for image in images
        )
        images = np.stack([np.asarray(image) for image in resized])
    names = np.array([f"{part}[{index}]" for index in range(len(images))])
    return Split(images, labels.astype(np.int64), names, names)


def fetch_pneumoniamnist(
    size: int = 28, cache_dir: str | Path | None = None, base_url: str = ZENODO
) -> Path:
    """Fetch PneumoniaMNIST once, check it against its published MD5, and keep it.

    Args:
        size: side of the images, pixels: 28, 64, 128 or 224.
        cache_dir: where to keep it; the user's cache folder when None.
        base_url: the folder of the files, a mirror for instance.

    Returns:
        The path of the .npz file.

    Raises:
        XrayError: unknown size, no network, or a file with another checksum.
    """
    if size not in PNEUMONIAMNIST_MD5:
        raise XrayError(f"PneumoniaMNIST has sizes {sorted(PNEUMONIAMNIST_MD5)}, not {size}")
    name = "pneumoniamnist.npz" if size == 28 else f"pneumoniamnist_{size}.npz"
    url = f"{base_url.rstrip('/')}/{name}?download=1"
    folder = Path(cache_dir) if cache_dir is not None else pooch.os_cache("bayescnn")
    by_hand = f"download {url} by hand and give the file instead (--data {name})"
    try:
        # pooch downloads to a temporary file and moves it only when the checksum is right.
        return Path(pooch.retrieve(url, f"md5:{PNEUMONIAMNIST_MD5[size]}", fname=name, path=folder))
    except ValueError as error:  # pooch's word for a wrong checksum
        raise XrayError(
            f"{url}: what came is not the published file (other MD5), so it was not kept; "
            f"try again, or {by_hand}"
        ) from error
    except OSError as error:  # every network error of requests is one
        raise XrayError(f"{url}: could not be fetched to {folder} ({error}); {by_hand}") from error
