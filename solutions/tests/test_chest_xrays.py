"""Topic 06: splits by patient, class folders, augmentation, batches, frozen features."""

from __future__ import annotations

import dataclasses
import os
import urllib.request
from pathlib import Path

import h5py
import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bayescnn import chest_xrays, plots
from bayescnn.chest_xrays import (
    Split,
    WeightsError,
    XrayError,
    augment,
    cached_features,
    class_balance,
    class_weights,
    densenet_features,
    feature_dataset,
    image_dataset,
    load_folder,
    load_xrays,
    one_hot,
    patient_of,
    split_by_patient,
    write_phantom_folder,
)

# Patients and classes ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "patient"),
    [
        ("person1000_bacteria_2931.jpeg", "person1000"),
        ("person1000_virus_1681.jpeg", "person1000"),
        ("person447_virus_921_1.jpeg", "person447"),
        ("train/PNEUMONIA/person1_bacteria_2.jpeg", "person1"),
        ("IM-0115-0001.jpeg", "IM-0115"),
        ("IM-0491-0001-0002.jpeg", "IM-0491"),
        ("NORMAL2-IM-0927-0001.jpeg", "NORMAL2-IM-0927"),
        ("scan_17.png", "scan_17"),
        ("persona_1.png", "persona_1"),
    ],
)
def test_patient_of(name: str, patient: str) -> None:
    assert patient_of(name) == patient


@st.composite
def cohorts(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Patients and labels of images in any order; a patient may have images of two classes."""
    sizes = draw(st.lists(st.integers(1, 7), min_size=1, max_size=40))
    patients = np.repeat([f"p{index}" for index in range(len(sizes))], sizes)
    labels = draw(st.lists(st.integers(0, 2), min_size=len(patients), max_size=len(patients)))
    order = np.array(draw(st.permutations(range(len(patients)))))
    return patients[order], np.array(labels)[order]


@settings(max_examples=60, deadline=None)
@given(cohort=cohorts(), fraction=st.floats(0.01, 0.99), seed=st.integers(0, 2**31))
def test_split_by_patient_laws(
    cohort: tuple[np.ndarray, np.ndarray], fraction: float, seed: int
) -> None:
    patients, labels = cohort
    held_out = split_by_patient(patients, labels, fraction, seed)
    assert held_out.shape == labels.shape and held_out.dtype == bool
    assert not set(patients[held_out]) & set(patients[~held_out])
    np.testing.assert_array_equal(held_out, split_by_patient(patients, labels, fraction, seed))
    # Within a patient's size, class by class (a patient's class is that of the first image).
    _, first, index, size = np.unique(
        patients, return_index=True, return_inverse=True, return_counts=True
    )
    for label in np.unique(labels[first]):
        members = labels[first][index] == label
        of_class = labels[first] == label
        assert abs(held_out[members].sum() - fraction * members.sum()) <= size[of_class].max()
        assert held_out[members].any()
        assert of_class.sum() == 1 or not held_out[members].all()


def test_split_by_patient_depends_on_the_seed_and_rejects_nonsense() -> None:
    patients, labels = np.arange(100).astype(str), np.arange(100) % 2
    masks = {split_by_patient(patients, labels, 0.3, seed).tobytes() for seed in range(5)}
    assert len(masks) == 5
    for fraction in (0.0, 1.0, -1, float("nan")):
        with pytest.raises(ValueError, match="fraction"):
            split_by_patient(patients, labels, fraction, 0)
    with pytest.raises(ValueError, match="labels"):
        split_by_patient(patients, labels[:5], 0.5, 0)


def test_class_balance_and_weights() -> None:
    labels = [1, 1, 0, 1]
    assert class_balance(labels, ("NORMAL", "PNEUMONIA", "OTHER")) == {
        "NORMAL": 1,
        "PNEUMONIA": 3,
        "OTHER": 0,
    }
    weights = class_weights(labels, 2)
    assert weights == {0: 2.0, 1: pytest.approx(2 / 3)}
    assert np.mean([weights[label] for label in labels]) == pytest.approx(1)
    with pytest.raises(ValueError, match="class names"):
        class_balance([2], ("a", "b"))
    with pytest.raises(ValueError, match=r"\[1, 3, 0\]"):
        class_weights(labels, 3)


def test_one_hot_is_keras_categorical() -> None:
    labels = np.array([2, 0, 1, 2])
    np.testing.assert_array_equal(one_hot(labels, 3), keras.utils.to_categorical(labels, 3))
    assert one_hot(labels, 3).dtype == np.float32 and one_hot([], 3).shape == (0, 3)
    for wrong in (-1, 3):
        with pytest.raises(ValueError, match="outside"):
            one_hot([wrong], 3)


# Class folders -----------------------------------------------------------------------------------


def write_images(folder: Path, names: list[str], size: int = 40) -> None:
    folder.mkdir(parents=True)
    random = np.random.default_rng(len(str(folder)))
    for name in names:
        Image.fromarray(random.integers(0, 256, (size, size), np.uint8)).save(folder / name)


def write_set(root: Path) -> Path:
    """A small set in the official layout, with Kaggle's val folder and the usual litter."""
    for part, start, n in (("train", 0, 12), ("val", 50, 2), ("test", 80, 4)):
        patients = range(start, start + n)
        pneumonia = [f"person{p}_virus_{p}{k}.jpeg" for p in patients for k in range(1 + p % 3)]
        write_images(root / part / "PNEUMONIA", pneumonia)
        write_images(root / part / "NORMAL", [f"IM-{p:04}-0001.jpeg" for p in patients])
        (root / part / ".DS_Store").write_bytes(b"litter")
        (root / part / "NORMAL" / ".DS_Store").write_bytes(b"litter")
        (root / part / "NORMAL" / "notes.txt").write_text("no image")
    (root / "__MACOSX").mkdir()
    return root


def test_official_layout(tmp_path: Path) -> None:
    data = load_xrays(write_set(tmp_path / "xrays"), 28, seed=1, val_fraction=0.25)
    assert data.class_names == ("NORMAL", "PNEUMONIA")
    assert data.train.images.shape[1:] == (28, 28) and data.train.images.dtype == np.uint8
    assert all(name.startswith("test/") for name in data.test.names)
    assert len(data.test) == 4 + sum(1 + p % 3 for p in range(80, 84))
    learn = [*data.train.names, *data.val.names]
    assert sum(name.startswith("val/") for name in learn) == 2 + sum(1 + p % 3 for p in (50, 51))
    assert not set(data.train.patients) & set(data.val.patients)
    assert set(data.val.labels) == set(data.train.labels) == {0, 1}
    for split in (data.train, data.val, data.test):
        for label, name in zip(split.labels, split.names, strict=True):
            assert data.class_names[label] in name
    other = load_folder(tmp_path / "xrays", 28, seed=2, val_fraction=0.25)
    np.testing.assert_array_equal(other.test.names, data.test.names)
    assert set(other.val.names) != set(data.val.names)


def test_flat_layout(tmp_path: Path) -> None:
    write_images(tmp_path / "x" / "SICK", [f"person{i // 2}_virus_{i}.png" for i in range(20)])
    write_images(tmp_path / "x" / "WELL", [f"IM-{i:04}-0001.png" for i in range(20)])
    data = load_folder(tmp_path / "x", 30)
    assert len(data.train) + len(data.val) + len(data.test) == 40
    parts = [set(split.patients) for split in (data.train, data.val, data.test)]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 30


def test_bad_folders(tmp_path: Path) -> None:
    def expect(says: str, folder: Path) -> None:
        with pytest.raises(XrayError, match=says):
            load_xrays(folder, 28)

    empty = tmp_path / "empty"
    empty.mkdir()
    expect("no such folder or file", tmp_path / "missing")
    expect("at least two classes.*has none", empty)
    write_images(tmp_path / "one" / "NORMAL", ["a.png"])
    expect("only NORMAL", tmp_path / "one")
    (tmp_path / "one" / "PNEUMONIA").mkdir()
    (tmp_path / "one" / "PNEUMONIA" / "scan.dcm").write_bytes(b"DICOM")
    expect("PNEUMONIA: no images among its 1 entries", tmp_path / "one")
    (tmp_path / "file.txt").write_text("a file")
    expect("neither a folder of class folders nor an .npz", tmp_path / "file.txt")
    root = write_set(tmp_path / "outer" / "chest_xray")
    expect("one folder deeper; give .*chest_xray", root.parent)
    (root / "test" / "NORMAL").rename(root / "test" / "HEALTHY")
    expect("test: has classes HEALTHY, PNEUMONIA, but .*train has NORMAL, PNEUMONIA", root)


def test_bad_images_are_named_together(tmp_path: Path) -> None:
    root = write_set(tmp_path / "xrays")
    (root / "train" / "NORMAL" / "IM-0003-0001.jpeg").write_bytes(b"")
    (root / "train" / "PNEUMONIA" / "person3_virus_30.jpeg").write_text("no image")
    with pytest.raises(XrayError, match=r"2 of .* images cannot be used") as caught:
        load_xrays(root, 28)
    assert "IM-0003-0001.jpeg: the file is empty" in str(caught.value)
    assert "person3_virus_30.jpeg: not an image" in str(caught.value)


def test_phantom_source() -> None:
    data = load_xrays("phantom:120", 32, seed=0)
    assert len(data.train) + len(data.val) + len(data.test) == 120
    assert data.train.true_probability is not None
    assert data.train.true_probability.shape == data.train.labels.shape
    parts = [set(split.patients) for split in (data.train, data.val, data.test)]
    assert sum(map(len, parts)) == len(set.union(*parts))
    other = load_xrays("phantom:120", 32, seed=1)
    np.testing.assert_array_equal(other.test.images, data.test.images)
    assert set(other.val.names) != set(data.val.names)
    with pytest.raises(XrayError, match="at least 20 images"):
        load_xrays("phantom:few", 32)
    with pytest.raises(XrayError, match="positive"):
        load_xrays("phantom", 0)


def test_pneumoniamnist_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def fetch(size: int) -> Path:
        asked.append(size)
        return tmp_path / "none.npz"

    monkeypatch.setattr(chest_xrays, "fetch_pneumoniamnist", fetch)
    for size in (20, 28, 64, 96, 224, 300):
        with pytest.raises(XrayError, match=r"none\.npz"):
            load_xrays("pneumoniamnist", size)
    assert asked == [28, 28, 64, 128, 224, 224]


@pytest.mark.skipif(
    "BAYESCNN_XRAYS" not in os.environ, reason="BAYESCNN_XRAYS names no folder of X-rays"
)
def test_official_set() -> None:
    data = load_xrays(os.environ["BAYESCNN_XRAYS"], 64)
    assert class_balance(data.test.labels, data.class_names) == {"NORMAL": 234, "PNEUMONIA": 390}
    assert len(data.train) + len(data.val) in (5216, 5232)  # Kaggle's val folder has 16
    assert not set(data.train.patients) & set(data.val.patients)


def test_phantom_folder_looks_like_the_real_one(tmp_path: Path) -> None:
    data = load_folder(write_phantom_folder(tmp_path / "phantom", 60, 28, seed=1), 28)
    assert data.class_names == ("NORMAL", "PNEUMONIA")
    assert len(data.train) + len(data.val) + len(data.test) == 60
    parts = [set(split.patients) for split in (data.train, data.val, data.test)]
    assert sum(map(len, parts)) == len(set.union(*parts)) < 60
    patients = set.union(*parts)
    assert all(p.startswith("person") or p.startswith("IM-") for p in patients)


# Batches -----------------------------------------------------------------------------------------


def smooth_images(n: int, size: int) -> np.ndarray:
    """(n, size, size, 1): brightness rises to the right, so that flips and crops show."""
    ramp = np.linspace(0.2, 0.8, size, dtype=np.float32)
    return np.broadcast_to(ramp, (n, size, size))[..., np.newaxis]


@settings(max_examples=15, deadline=None)
@given(n=st.integers(1, 6), size=st.integers(8, 40), seed=st.integers(0, 2**31 - 1))
def test_augment_laws(n: int, size: int, seed: int) -> None:
    images = np.random.default_rng(seed).random((n, size, size, 1), np.float32)
    got = augment(tf.constant(images), [seed, 1])
    assert got.shape == images.shape and got.dtype == tf.float32
    assert np.isfinite(got).all() and 0 <= got.numpy().min() and got.numpy().max() <= 1
    np.testing.assert_array_equal(got, augment(tf.constant(images), [seed, 1]))
    assert (got.numpy() != augment(tf.constant(images), [seed, 2]).numpy()).any()


def test_augment_flips_half_and_varies_each_image() -> None:
    got = augment(tf.constant(smooth_images(2000, 16)), [3, 4]).numpy()[..., 0]
    rising = (got[:, :, -1] > got[:, :, 0]).all(axis=1).mean()
    # Binomial(2000, 1/2): 5 standard deviations are 5 * 0.5 / sqrt(2000) = 0.056 (p < 1e-6).
    assert abs(rising - 0.5) < 0.056
    assert len(np.unique(got.mean(axis=(1, 2)))) > 1900


def test_augment_crops_between_25_and_100_percent() -> None:
    # Bright stripes: their period in the result tells the width of the crop, whatever brightness,
    # contrast and gamma did. Sides are between sqrt(.25 * 3/4) = .43 and 1 of the image's.
    stripes = (np.sin(np.arange(120) * 2 * np.pi / 12) > 0).astype(np.float32)
    images = np.broadcast_to(stripes, (400, 120, 120))[..., np.newaxis]
    rows = augment(tf.constant(images), [5, 6]).numpy()[:, 60, :, 0]
    rows -= rows.mean(axis=1, keepdims=True)
    spectrum = np.abs(np.fft.rfft(rows, 1200))
    stripes_seen = spectrum[:, 30:].argmax(axis=1) / 10 + 3  # in the result's width; 10 if whole
    width = stripes_seen / 10
    assert 0.41 < width.min() < 0.55 and 0.95 < width.max() < 1.03
    assert 0.68 < width.mean() < 0.85


def test_augment_keeps_a_flat_image_flat() -> None:
    got = augment(tf.fill((50, 12, 12, 1), 0.5), [0, 0]).numpy()
    assert np.ptp(got, axis=(1, 2, 3)).max() < 1e-5
    # 0.5 + b with |b| <= 0.25, to the power e^g with |g| <= 0.4
    assert got.min() > 0.25 ** np.exp(0.4) - 1e-5 and got.max() < 0.75 ** np.exp(-0.4) + 1e-5
    assert got.min() < 0.3 and got.max() > 0.7


def test_augment_without_mirrors() -> None:
    got = augment(tf.constant(smooth_images(200, 16)), [3, 4], flip_probability=0.0).numpy()
    assert (got[:, :, -1] >= got[:, :, 0]).all()


def small_split(n: int = 10, size: int = 8) -> Split:
    images = np.repeat(np.arange(n, dtype=np.uint8), size * size).reshape(n, size, size)
    names = np.arange(n).astype(str)
    return Split(images, np.arange(n, dtype=np.int64) % 2, names, names)


def test_image_dataset_in_order() -> None:
    batches = list(image_dataset(small_split(), 4, n_classes=2))
    assert [len(labels) for _, labels in batches] == [4, 4, 2]
    images = np.concatenate([images for images, _ in batches])
    assert images.shape == (10, 8, 8, 1) and images.dtype == np.float32
    np.testing.assert_allclose(images[:, 0, 0, 0] * 255, np.arange(10), atol=1e-5)
    np.testing.assert_array_equal(
        np.concatenate([labels for _, labels in batches]), one_hot(np.arange(10) % 2, 2)
    )


def test_image_dataset_shuffles_anew_and_keeps_labels_with_images() -> None:
    dataset = image_dataset(small_split(), 4, n_classes=2, shuffle=True, seed=1)
    epochs = []
    for _ in range(2):
        images = np.concatenate([images[:, 0, 0, 0] for images, _ in dataset])
        epochs.append(np.round(images * 255).astype(int))
        assert sorted(epochs[-1]) == list(range(10))
    assert (epochs[0] != epochs[1]).any()
    for images, labels in dataset:
        number = np.round(images.numpy()[:, 0, 0, 0] * 255).astype(int)
        np.testing.assert_array_equal(labels, one_hot(number % 2, 2))


def test_balanced_draws_are_balanced_and_keep_labels_with_images() -> None:
    n = 240
    labels = (np.arange(n) % 8 == 0).astype(np.int64)  # one in eight
    split = dataclasses.replace(small_split(n), labels=labels)
    dataset = image_dataset(split, 50, n_classes=2, balanced=True, seed=1)
    rare = []
    for _ in range(20):
        numbers, targets = [], []
        for images, one_hots in dataset:
            numbers.append(np.round(images.numpy()[:, 0, 0, 0] * 255).astype(int))
            targets.append(one_hots.numpy())
        drawn = np.concatenate(numbers)
        np.testing.assert_array_equal(np.concatenate(targets), one_hot(labels[drawn], 2))
        assert len(drawn) == n
        rare.append(labels[drawn].sum())
    # Binomial(4800, 1/2): 5 standard deviations are 5 * 0.5 / sqrt(4800) = 0.036 (p < 1e-6).
    assert abs(np.sum(rare) / (20 * n) - 0.5) < 0.036
    assert len(set(rare)) > 1  # every epoch draws anew


def test_image_dataset_augments_anew_from_a_seed() -> None:
    split = small_split()
    flat = dict(n_classes=2, augment=True)
    one = image_dataset(split, 10, seed=1, **flat)
    first, second = (next(iter(one))[0].numpy() for _ in range(2))
    assert (first != second).any()  # another epoch, other images
    again = next(iter(image_dataset(split, 10, seed=1, **flat)))
    np.testing.assert_array_equal(again[0], first)
    np.testing.assert_array_equal(again[1], one_hot(split.labels, 2))
    other = next(iter(image_dataset(split, 10, seed=2, **flat)))[0].numpy()
    assert (other != first).any()


def test_feature_dataset(tmp_path: Path) -> None:
    features = np.random.default_rng(0).random((7, 2, 2, 3), np.float32)
    np.save(tmp_path / "f.npy", features)
    mapped = np.load(tmp_path / "f.npy", mmap_mode="r")
    dataset = feature_dataset(mapped, np.arange(7) % 2, 3, n_classes=2)
    assert dataset.element_spec[0].shape.as_list() == [None, 2, 2, 3]
    np.testing.assert_array_equal(np.concatenate([x for x, _ in dataset]), features)
    for rows, labels in feature_dataset(
        mapped, np.arange(7) % 2, 3, n_classes=2, shuffle=True, seed=3
    ):
        for row, label in zip(rows.numpy(), labels.numpy(), strict=True):
            where = next(i for i in range(7) if (features[i] == row).all())
            np.testing.assert_array_equal(label, one_hot([where % 2], 2)[0])


# Frozen features ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def densenet(tmp_path_factory: pytest.TempPathFactory) -> tuple[keras.Model, Path]:
    """DenseNet121 with random weights and a file of them: a stand-in for ImageNet's."""
    keras.utils.set_random_seed(0)
    network = keras.applications.DenseNet121(
        include_top=False, weights=None, input_shape=(32, 32, 3)
    )
    path = tmp_path_factory.mktemp("weights") / "densenet121_notop.h5"
    network.save_weights(path)
    return network, path


IMAGES = np.random.default_rng(0).integers(0, 256, (3, 32, 32), np.uint8)


def test_densenet_features(densenet: tuple[keras.Model, Path]) -> None:
    network, path = densenet
    got = densenet_features(IMAGES, path, 2)
    assert got.shape == (3, 1, 1, 800) and got.dtype == np.float32
    # Preprocessing written out: ImageNet's mean and standard deviation of red, green and blue.
    mean, sd = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    pixels = (IMAGES[..., None].astype(np.float32) / 255 - mean) / sd
    layer = network.get_layer("conv5_block9_concat").output
    expected = keras.Model(network.input, layer)(pixels.astype(np.float32), training=False)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


def test_densenet_refuses_wrong_images() -> None:
    with pytest.raises(XrayError, match="at least 32 x 32"):
        densenet_features(IMAGES[:, :20, :20], "unused.h5")
    for images in (IMAGES / 255, IMAGES[..., None]):
        with pytest.raises(XrayError, match="uint8"):
            densenet_features(images, "unused.h5")


def test_wrong_weights_are_refused(densenet: tuple[keras.Model, Path], tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"none\.h5: no such weights file"):
        densenet_features(IMAGES, tmp_path / "none.h5")
    (tmp_path / "text.h5").write_text("no weights")
    with pytest.raises(WeightsError, match=r"text\.h5: not an HDF5.*--backbone stem"):
        densenet_features(IMAGES, tmp_path / "text.h5")
    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    other.save_weights(tmp_path / "other.h5")
    with pytest.raises(WeightsError, match=r"other\.h5: not the weights of DenseNet121"):
        densenet_features(IMAGES, tmp_path / "other.h5")
    whole = densenet[1].read_bytes()
    (tmp_path / "cut.h5").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WeightsError, match=r"cut\.h5"):
        densenet_features(IMAGES, tmp_path / "cut.h5")


def test_imagenet_without_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))  # where Keras would have kept them
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there
    # urllib keeps the proxies of its first call for the life of the process.
    monkeypatch.setattr(urllib.request, "_opener", None)
    with pytest.raises(WeightsError, match=r"--weights FILE.*--backbone stem"):
        cached_features(IMAGES, "imagenet", tmp_path / "cache")
    assert not (tmp_path / "cache").exists()
    assert not list((tmp_path / ".keras").rglob("*.h5"))


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Replaces the network by something quick that counts its calls."""
    calls: list[int] = []

    def features(images: np.ndarray, weights: Path, *rest: object) -> np.ndarray:
        calls.append(len(images))
        return np.full((len(images), 2, 2, 800), images.mean(), np.float32)

    monkeypatch.setattr(chest_xrays, "densenet_features", features)
    return calls


def weights_file(path: Path, value: float) -> Path:
    with h5py.File(path, "w") as file:
        file["weight"] = value
    return path


def test_cache_is_keyed_by_all_that_made_it(
    tmp_path: Path, counted: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, weights = tmp_path / "cache", weights_file(tmp_path / "w.h5", 1.0)
    got = cached_features(IMAGES, weights, cache)
    assert isinstance(got, np.memmap) and not got.flags.writeable
    assert got.shape == (3, 2, 2, 800) and got[0, 0, 0, 0] == np.float32(IMAGES.mean())
    np.testing.assert_array_equal(cached_features(IMAGES.copy(), str(weights), cache), got)
    weights.rename(tmp_path / "renamed.h5")
    cached_features(IMAGES, tmp_path / "renamed.h5", cache)
    assert len(counted) == 1  # same pixels, same weights: no second time
    other_pixels = IMAGES.copy()
    other_pixels[0, 0, 0] ^= 1
    cached_features(other_pixels, tmp_path / "renamed.h5", cache)
    cached_features(IMAGES, weights_file(tmp_path / "w2.h5", 2.0), cache)
    monkeypatch.setattr(chest_xrays, "PREPROCESSING", "another")
    cached_features(IMAGES, tmp_path / "renamed.h5", cache)
    assert len(counted) == 4
    assert len(list(cache.iterdir())) == 4


def test_full_disk_leaves_nothing(tmp_path: Path, counted: list[int]) -> None:
    resource = pytest.importorskip("resource")  # Windows has none
    weights = weights_file(tmp_path / "w.h5", 1.0)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))  # 38 400 bytes are needed
    try:
        with pytest.raises(OSError, match=r"could not be cached.*free some space") as caught:
            cached_features(IMAGES, weights, tmp_path / "cache")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.errno is not None and "cache" in str(caught.value)
    assert list((tmp_path / "cache").iterdir()) == []
    assert len(cached_features(IMAGES, weights, tmp_path / "cache")) == 3  # and then it works


def test_interrupted_cache_leaves_nothing(
    tmp_path: Path, counted: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(chest_xrays.os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        cached_features(IMAGES, weights_file(tmp_path / "w.h5", 1.0), tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


# Figures -----------------------------------------------------------------------------------------


def test_figures(tmp_path: Path) -> None:
    balance = {"train": {"NORMAL": 3, "PNEUMONIA": 9}, "test": {"NORMAL": 0, "PNEUMONIA": 1}}
    images = smooth_images(4, 16)
    augmented = np.stack([augment(tf.constant(images), [0, k]).numpy() for k in range(3)])
    figures = {
        "balance": plots.class_balance_bars(balance),
        "grid": plots.xray_grid((images * 255).astype(np.uint8), ["a", "b", "c", "d"], columns=3),
        "augmented": plots.augmented_xrays(images, augmented),
    }
    for name, figure in figures.items():
        figure.savefig(tmp_path / f"{name}.png")
        assert (tmp_path / f"{name}.png").stat().st_size > 1000
