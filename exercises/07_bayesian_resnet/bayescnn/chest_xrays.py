"""Topic 06: chest X-rays, from class folders to batches and to frozen DenseNet121 features.

What a data set needs before a Bayesian network may learn from it: patients kept on one side of
every split, classes counted and balanced, augmentation, and features of a frozen network computed
only once.

References:
    Kermany et al. (2018), *Identifying Medical Diagnoses and Treatable Diseases by Image-Based
    Deep Learning*, Cell 172(5), doi:10.1016/j.cell.2018.02.010 (the X-rays).
    Huang et al. (2017), *Densely Connected Convolutional Networks*, CVPR, arXiv:1608.06993.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_keras as keras
from PIL import Image

from bayescnn import phantom
from bayescnn.densenet import CUT_LAYER, WeightsError, find_weights, frozen_densenet
from bayescnn.xray_files import (
    IMAGE_SUFFIXES,
    PNEUMONIAMNIST_MD5,
    Split,
    XrayData,
    XrayError,
    fetch_pneumoniamnist,
    load_npz,
    read_image,
    read_images,
)

__all__ = [
    "CUT_LAYER",
    "Split",
    "WeightsError",
    "XrayData",
    "XrayError",
    "augment",
    "cached_features",
    "class_balance",
    "class_weights",
    "compute_once",
    "densenet_features",
    "epoch_order",
    "feature_dataset",
    "features_path",
    "fetch_pneumoniamnist",
    "find_weights",
    "image_batches",
    "image_dataset",
    "list_images",
    "load_folder",
    "load_npz",
    "load_xrays",
    "network_features",
    "one_hot",
    "patient_of",
    "random_crops",
    "read_image",
    "read_images",
    "split_by_patient",
    "vary_exposure",
    "write_phantom_folder",
]

PREPROCESSING = "densenet-1"  # part of the cache key: change it when network_features changes
N_PHANTOM = 3000  # images of the source "phantom": 20 % test, the rest train and validation
PHANTOM_SEED = 2018  # the phantom set is one fixed set, like any other; seeds only split it


# Patients and classes --------------------------------------------------------------------------


def patient_of(file_name: str) -> str:
    """The patient that a file name of Kermany's X-rays carries.

    `person1000_bacteria_2931.jpeg` and `person1000_virus_1681.jpeg` are "person1000",
    `IM-0115-0001.jpeg` is "IM-0115", `NORMAL2-IM-0927-0001.jpeg` is "NORMAL2-IM-0927".
    Whether `person1000` with bacteria and with a virus is one child is not documented; counted as
    one, no child can be on both sides of a split.

    Args:
        file_name: with or without folders.

    Returns:
        The patient, or the name without its suffix where the name follows neither pattern: then
        each image is a patient of its own.
    """
    # 170 numbers also occur in both the official train and test folders, but none with the same
    # germ: the two folders count anew.
    stem = Path(file_name).stem
    found = re.match(r"person\d+(?=_)|(?:NORMAL2-)?IM-\d+(?=-)", stem)
    return found.group() if found else stem


def split_by_patient(
    patients: Sequence[str] | np.ndarray,
    labels: Sequence[int] | np.ndarray,
    fraction: float,
    seed: int,
) -> np.ndarray:
    """Hold out a fraction of the images, whole patients only, of each class alike.

    A patient belongs to the class of his or her first image. Of each class, take patients in random
    order; stop where the number of their images is nearest to fraction times the images of all
    patients of that class. At least one patient is held out and, where there are two or more, at
    least one is kept.

    Args:
        patients: (n,) patient of each image.
        labels: (n,) class of each image.
        fraction: of the images to hold out, 0 < fraction < 1.
        seed: the same seed gives the same split.

    Returns:
        (n,) bool, True where the image is held out.

    Raises:
        ValueError: a fraction outside (0, 1), or lengths that differ.
    """
    patients, labels = np.asarray(patients), np.asarray(labels)
    if not 0 < fraction < 1:
        raise ValueError(f"fraction is {fraction}, but must lie between 0 and 1")
    if patients.shape != labels.shape or patients.ndim != 1:
        raise ValueError(f"{patients.shape} patients but {labels.shape} labels")
    random = np.random.default_rng(seed)
    unique, first, patient, size = np.unique(
        patients, return_index=True, return_inverse=True, return_counts=True
    )
    held_out = np.zeros(len(unique), bool)
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels[first] == label))
        if len(members) == 0:  # every patient with this class began with another
            continue
        filled = np.cumsum(size[members])
        n_patients = 1 + int(np.argmin(np.abs(filled - fraction * filled[-1])))
        held_out[members[: max(1, min(n_patients, len(members) - 1))]] = True
    return held_out[patient]


def class_balance(labels: Sequence[int] | np.ndarray, class_names: Sequence[str]) -> dict[str, int]:
    """Count the images of each class.

    Args:
        labels: (n,) index into `class_names`.
        class_names: k names.

    Returns:
        {class name: number of images}, in the order of `class_names`, zeros included.

    Raises:
        ValueError: a label without a name.
    """
    labels = np.asarray(labels, int)
    if labels.size and not (0 <= labels.min() and labels.max() < len(class_names)):
        raise ValueError(f"labels {np.unique(labels)} for {len(class_names)} class names")
    counts = np.bincount(labels, minlength=len(class_names))
    return {name: int(count) for name, count in zip(class_names, counts, strict=True)}


def class_weights(labels: Sequence[int] | np.ndarray, n_classes: int) -> dict[int, float]:
    """Weights that give each class the same say in the loss: n / (k n_class).

    Args:
        labels: (n,) integers in 0 ... n_classes - 1.
        n_classes: k.

    Returns:
        {class: weight}, as `fit(class_weight=...)` takes it; their mean over the images is 1.

    Raises:
        ValueError: a class without images.
    """
    counts = np.bincount(np.asarray(labels, int), minlength=n_classes)
    if len(counts) != n_classes or (counts == 0).any():
        raise ValueError(f"images per class: {counts.tolist()}; each of {n_classes} needs some")
    return {label: float(counts.sum() / (n_classes * counts[label])) for label in range(n_classes)}


def one_hot(labels: Sequence[int] | np.ndarray, n_classes: int) -> np.ndarray:
    """Labels as rows of zeros with a single one (Keras: `label_mode="categorical"`).

    Args:
        labels: (n,) integers in 0 ... n_classes - 1.
        n_classes: k.

    Returns:
        (n, k) float32.

    Raises:
        ValueError: a label outside 0 ... n_classes - 1.
    """
    labels = np.asarray(labels, int)
    if labels.size and not (0 <= labels.min() and labels.max() < n_classes):
        raise ValueError(f"labels {np.unique(labels)} outside 0 ... {n_classes - 1}")
    return np.eye(n_classes, dtype=np.float32)[labels]


# Loading ---------------------------------------------------------------------------------------


def list_images(folder: str | Path) -> tuple[list[Path], np.ndarray, tuple[str, ...]]:
    """List a folder that has one folder of images per class.

    Args:
        folder: holds CLASS/IMAGE. Files and folders whose names begin with a dot, folders that
            begin with an underscore, and files that are no images are left out.

    Returns:
        (n paths, (n,) int64 labels, k class names). Classes are in the order of Python's `sorted`
        (capitals before small letters), as Keras has them, so NORMAL is 0 and PNEUMONIA is 1;
        images of a class likewise, by their names.

    Raises:
        XrayError: no such folder, fewer than two class folders, a class without images.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise XrayError(f"{folder}: no such folder")
    classes = sorted(
        entry for entry in folder.iterdir() if entry.is_dir() and entry.name[0] not in "._"
    )
    if len(classes) < 2:
        found = f"only {classes[0].name}" if classes else "none"
        raise XrayError(
            f"{folder}: needs a folder of images for each of at least two classes, such as "
            f"NORMAL and PNEUMONIA, but has {found}"
        )
    paths: list[Path] = []
    labels: list[int] = []
    for label, class_folder in enumerate(classes):
        files = sorted(entry for entry in class_folder.iterdir() if entry.name[0] != ".")
        images = [entry for entry in files if entry.suffix.lower() in IMAGE_SUFFIXES]
        if not images:
            raise XrayError(
                f"{class_folder}: no images among its {len(files)} entries (looked for "
                f"{' '.join(sorted(IMAGE_SUFFIXES))}); add some or remove the folder"
            )
        paths += images
        labels += [label] * len(images)
    return paths, np.array(labels, np.int64), tuple(entry.name for entry in classes)


def write_phantom_folder(folder: str | Path, n_images: int, size: int, seed: int) -> Path:
    """Write phantom X-rays as class folders, under names like those of the real ones.

    One patient in five goes to the test folder. As in the real set, the two classes are numbered
    apart, so a patient who has images of both classes appears under two names.

    Args:
        folder: gets train/NORMAL, train/PNEUMONIA, test/NORMAL and test/PNEUMONIA.
        n_images: in all.
        size: side of the images, pixels.
        seed: the same seed gives the same X-rays.

    Returns:
        The folder.
    """
    folder = Path(folder)
    parameters = phantom.sample_parameters(n_images, seed)
    numbers = np.unique(parameters.patient, return_inverse=True)[1]
    labels = phantom.draw_labels(parameters)
    for index, image in enumerate(phantom.render(parameters, size, seed)):
        number, part = numbers[index], "test" if numbers[index] % 5 == 0 else "train"
        germ = "bacteria" if number % 3 else "virus"
        names = (f"IM-{number:04d}-{index:04d}.jpeg", f"person{number}_{germ}_{index}.jpeg")
        path = folder / part / phantom.CLASS_NAMES[labels[index]] / names[labels[index]]
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path, quality=95)
    return folder


def load_folder(
    folder: str | Path,
    size: int,
    seed: int = 0,
    val_fraction: float = 0.1,
    test_fraction: float = 0.2,
) -> XrayData:
    """Load X-rays from class folders: FOLDER/{train,test[,val]}/CLASS/IMAGE or FOLDER/CLASS/IMAGE.

    A test folder is the test split and is never mixed with the rest. A val folder (Kaggle's has
    16 images, too few to choose anything by) joins train, and the validation split is drawn from
    both by patient. Without a test folder, the test split is drawn by patient too.

    Args:
        folder: the data folder.
        size: side of the images, pixels.
        seed: of the random splits.
        val_fraction: of the training images to hold out for validation.
        test_fraction: of all images, where there is no test folder.

    Returns:
        The three splits.

    Raises:
        XrayError: bad folders or bad images; the message names them.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise XrayError(f"{folder}: no such folder")
    inner = next((entry for entry in sorted(folder.glob("*/train")) if entry.is_dir()), None)
    if inner is not None and not (folder / "train").is_dir():
        raise XrayError(f"{folder}: the X-rays lie one folder deeper; give {inner.parent}")

    def load(*parts: str) -> Split:
        listed = [list_images(folder / part) for part in parts]
        for part, (_, _, classes) in zip(parts, listed, strict=True):
            if classes != class_names:
                raise XrayError(
                    f"{folder / part}: has classes {', '.join(classes)}, but "
                    f"{folder / first} has {', '.join(class_names)}; they must be the same"
                )
        paths = [path for found, _, _ in listed for path in found]
        images = read_images(paths, size)
        labels = np.concatenate([found for _, found, _ in listed])
        patients = np.array([patient_of(path.name) for path in paths])
        names = np.array([path.relative_to(folder).as_posix() for path in paths])
        return Split(images, labels, patients, names)

    first = "train" if (folder / "train").is_dir() else ""
    _, _, class_names = list_images(folder / first)
    parts = [first, "val"] if first and (folder / "val").is_dir() else [first]
    learn = load(*parts)
    if first and (folder / "test").is_dir():
        test = load("test")
    else:
        held_out = split_by_patient(learn.patients, learn.labels, test_fraction, seed)
        learn, test = learn.take(~held_out), learn.take(held_out)
    held_out = split_by_patient(learn.patients, learn.labels, val_fraction, seed)
    return XrayData(
        learn.take(~held_out), learn.take(held_out), test, class_names, str(folder.resolve())
    )


def load_xrays(source: str | Path, size: int, seed: int = 0, val_fraction: float = 0.1) -> XrayData:
    """Load X-rays from any source that the course knows.

    Args:
        source: a folder of class folders, an .npz file, "phantom" (or "phantom:500" for another
            number of images), or "pneumoniamnist" (fetched).
        size: side of the images, pixels.
        seed: of the random splits; the images of "phantom" are the same for every seed.
        val_fraction: of the training images to hold out for validation, where the source has no
            validation split of its own.

    Returns:
        Train, validation and test split.

    Raises:
        XrayError: the source does not exist or is broken; the message says where and how.
    """
    if size < 1:
        raise XrayError(f"an image size of {size} pixels; give a positive one")
    name, _, count = str(source).partition(":")
    if name == "phantom":
        if count and not (count.isdigit() and int(count) >= 20):
            raise XrayError(f"{source}: give at least 20 images, as in phantom:{N_PHANTOM}")
        n_images = int(count or N_PHANTOM)
        parameters = phantom.sample_parameters(n_images, PHANTOM_SEED)
        everything = Split(
            phantom.render(parameters, size, PHANTOM_SEED),
            phantom.draw_labels(parameters),
            parameters.patient,
            np.array([f"phantom[{index}]" for index in range(n_images)]),
            phantom.true_probability(parameters),
        )
        # The test patients are fixed, like the official test folder: no seed moves them.
        in_test = split_by_patient(everything.patients, everything.labels, 0.2, PHANTOM_SEED)
        learn = everything.take(~in_test)
        in_val = split_by_patient(learn.patients, learn.labels, val_fraction, seed)
        return XrayData(
            learn.take(~in_val),
            learn.take(in_val),
            everything.take(in_test),
            phantom.CLASS_NAMES,
            f"phantom:{n_images}",
        )
    if str(source) == "pneumoniamnist":
        # The smallest published images that need not be enlarged.
        published = min((s for s in PNEUMONIAMNIST_MD5 if s >= size), default=224)
        return load_npz(fetch_pneumoniamnist(published), size)
    path = Path(source)
    if path.is_dir():
        return load_folder(path, size, seed, val_fraction)
    if path.suffix == ".npz":
        return load_npz(path, size)
    if path.exists():
        raise XrayError(f"{path}: a file that is neither a folder of class folders nor an .npz")
    raise XrayError(f"{path}: no such folder or file (nor is it phantom or pneumoniamnist)")


# Batches ---------------------------------------------------------------------------------------


def random_crops(images: tf.Tensor, draws: tf.Tensor, flip_probability: float = 0.5) -> tf.Tensor:
    """Cut a random part out of each image, mirror some, and bring all back to full size.

    The randomness is handed in: the numbers u = draws[:, i] cut image i. Heights, widths and
    positions are fractions of the image's side.

    * The area a = 0.25 + 0.75 u[0] and the ratio r = (4/3)^(2 u[1] - 1), height to width, give
      height = min(sqrt(a r), 1) and width = min(sqrt(a / r), 1).
    * The crop begins at top = u[2] (1 - height) and left = u[3] (1 - width).
    * It is mirrored left to right where u[4] < flip_probability.

    Args:
        images: (b, size, size, channels) float32.
        draws: (5, b) float32 in [0, 1).
        flip_probability: share of the images to mirror, 0 for none.

    Returns:
        Same shape as `images`, by bilinear interpolation.
    """
    area, ratio = 0.25 + 0.75 * draws[0], (4 / 3) ** (2 * draws[1] - 1)
    height = tf.minimum(tf.sqrt(area * ratio), 1.0)
    width = tf.minimum(tf.sqrt(area / ratio), 1.0)
    top, left = draws[2] * (1 - height), draws[3] * (1 - width)
    bottom, right = top + height, left + width
    mirrored = draws[4] < flip_probability  # a box that ends before it begins is read backwards
    boxes = tf.stack(
        [top, tf.where(mirrored, right, left), bottom, tf.where(mirrored, left, right)], axis=1
    )
    image_of_box = tf.range(tf.shape(images)[0])
    return tf.image.crop_and_resize(images, boxes, image_of_box, tf.shape(images)[1:3])


def vary_exposure(images: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
    """Vary brightness, contrast and gamma, as another film or detector would.

    With m the image's mean: (x - m) c + m + b with c in 0.6 ... 1.4 and b in -0.25 ... 0.25,
    clipped to [0, 1], then x^g with log g in -0.4 ... 0.4.

    Args:
        images: (b, size, size, channels) float32 in [0, 1].
        draws: (3, b) numbers in [0, 1), for c, b and g.

    Returns:
        Same shape and range as `images`.
    """
    draws = draws[:, :, tf.newaxis, tf.newaxis, tf.newaxis]
    contrast, brightness = 0.6 + 0.8 * draws[0], 0.5 * draws[1] - 0.25
    mean = tf.reduce_mean(images, axis=(1, 2, 3), keepdims=True)
    images = tf.clip_by_value((images - mean) * contrast + mean + brightness, 0.0, 1.0)
    return images ** tf.exp(0.8 * draws[2] - 0.4)


def augment(
    images: tf.Tensor, seed: tf.Tensor | Sequence[int], flip_probability: float = 0.5
) -> tf.Tensor:
    """Vary X-rays at random as X-rays vary: position, size, side, brightness, contrast, gamma.

    Args:
        images: (b, size, size, channels) float32 in [0, 1].
        seed: (2,) integers; the same seed gives the same images.
        flip_probability: see `random_crops`.

    Returns:
        Same shape and range as `images`; see `random_crops` and `vary_exposure`.
    """
    # One draw for all that is random, so that no two of them share their numbers.
    draws = tf.random.stateless_uniform((8, tf.shape(images)[0]), seed)
    return vary_exposure(random_crops(images, draws[:5], flip_probability), draws[5:])


def epoch_order(
    labels: Sequence[int] | np.ndarray,
    *,
    shuffle: bool = False,
    balanced: bool = False,
    seed: int = 0,
) -> tf.data.Dataset:
    """The indices of the images that an epoch shows, one by one.

    Args:
        labels: (n,) class of each image.
        shuffle: each index once, in a fully random order that is another one in every epoch.
        balanced: n indices, each of a random class (all classes equally likely) and a random
            image of it; other ones in every epoch. `shuffle` then makes no difference.
        seed: the same seed gives the same sequence of epochs.

    Returns:
        Dataset of n int64 scalars; 0 ... n - 1 where neither is wanted. Each pass is an epoch.
    """
    labels = np.asarray(labels)
    if balanced:
        of_class = [np.flatnonzero(labels == label) for label in np.unique(labels)]
        endless = [
            tf.data.Dataset.from_tensor_slices(indices)
            .shuffle(len(indices), seed=seed + i, reshuffle_each_iteration=True)
            .repeat()
            for i, indices in enumerate(of_class)
        ]
        drawn = tf.data.Dataset.sample_from_datasets(
            endless, [1 / len(endless)] * len(endless), seed=seed, rerandomize_each_iteration=True
        )
        return drawn.take(len(labels))
    order = tf.data.Dataset.range(len(labels))
    if shuffle:
        order = order.shuffle(len(labels), seed=seed, reshuffle_each_iteration=True)
    return order


def image_batches(
    order: tf.data.Dataset,
    images: np.ndarray,
    targets: np.ndarray,
    batch_size: int,
    vary: Callable[[tf.Tensor, tf.Tensor], tf.Tensor] | None = None,
    seed: int = 0,
) -> tf.data.Dataset:
    """Batches of images and targets, in a given order.

    Args:
        order: dataset of indices, as `epoch_order` makes it.
        images: (n, size, size) uint8.
        targets: (n, k) float32, one row an image.
        batch_size: b; the last batch of an epoch may be smaller.
        vary: called as vary(pixels, seed) with each batch of pixels and a seed of shape (2,),
            a new one for every batch of every epoch; what it returns takes the pixels' place.
            None, as for validation, leaves them as they are.
        seed: where the seeds for `vary` come from: the same one gives the same images.

    Returns:
        Dataset of (pixels (b, size, size, 1) float32 in [0, 1], targets (b, k) float32).
    """
    # Whole batches are gathered and varied at once; image by image would starve the trainer.
    seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2)
    with tf.device("CPU:0"):
        all_pixels, all_targets = tf.constant(images[..., np.newaxis]), tf.constant(targets)

    def batch(indices: tf.Tensor, batch_seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        pixels = tf.cast(tf.gather(all_pixels, indices), tf.float32) / 255.0
        if vary is not None:
            pixels = vary(pixels, batch_seed)
        return pixels, tf.gather(all_targets, indices)

    batches = tf.data.Dataset.zip(order.batch(batch_size), seeds)
    return batches.map(batch, num_parallel_calls=tf.data.AUTOTUNE).prefetch(2)


_augment = augment  # image_dataset has a parameter of that name


def image_dataset(
    split: Split,
    batch_size: int,
    *,
    n_classes: int,
    augment: bool = False,
    shuffle: bool = False,
    balanced: bool = False,
    seed: int = 0,
) -> tf.data.Dataset:
    """Batches of images and one-hot labels.

    Args:
        split: n images.
        batch_size: b; the last batch of an epoch may be smaller.
        n_classes: k.
        augment: vary the images anew in every epoch (see `augment`). For training only.
        shuffle: another order in every epoch. For training only.
        balanced: draw each class equally often, in another order in every epoch: the n draws
            show images of a rare class more than once. How many of an archive's images show
            pneumonia says little about the next patient; trained so, 0.5 is the natural
            threshold. For training only.
        seed: of order and augmentation.

    Returns:
        Dataset of (images (b, size, size, 1) float32 in [0, 1], labels (b, k) float32).
    """
    order = epoch_order(split.labels, shuffle=shuffle, balanced=balanced, seed=seed)
    targets = one_hot(split.labels, n_classes)
    vary = _augment if augment else None
    return image_batches(order, split.images, targets, batch_size, vary, seed)


def feature_dataset(
    features: np.ndarray,
    labels: np.ndarray,
    batch_size: int,
    *,
    n_classes: int,
    shuffle: bool = False,
    balanced: bool = False,
    seed: int = 0,
) -> tf.data.Dataset:
    """Batches of stored features and one-hot labels, read from disk as they are needed.

    Args:
        features: (n, h, w, channels) float32, usually the memory map of `cached_features`.
        labels: (n,) integers in 0 ... n_classes - 1.
        batch_size: b; the last batch of an epoch may be smaller.
        n_classes: k.
        shuffle: another order in every epoch. For training only.
        balanced: as for `image_dataset`.
        seed: of the order.

    Returns:
        Dataset of (features (b, h, w, channels) float32, labels (b, k) float32).
    """
    order = epoch_order(labels, shuffle=shuffle, balanced=balanced, seed=seed)
    with tf.device("CPU:0"):
        targets = tf.constant(one_hot(labels, n_classes))

    def batch(indices: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        rows = tf.numpy_function(lambda i: features[i], [indices], tf.float32)
        rows.set_shape((None, *features.shape[1:]))
        return rows, tf.gather(targets, indices)

    return order.batch(batch_size).map(batch, num_parallel_calls=tf.data.AUTOTUNE).prefetch(2)


# Frozen features -------------------------------------------------------------------------------


def network_features(network: keras.Model, images: np.ndarray, batch_size: int = 16) -> np.ndarray:
    """What a frozen network sees in grey images.

    Grey is repeated to three channels and scaled as DenseNet was trained (to [0, 1], minus the
    ImageNet mean, over the ImageNet standard deviation of each channel): 1/255 alone is wrong.

    Args:
        network: from (b, size, size, 3) to (b, h, w, channels); used as in inference, so that
            batch normalization and dropout change nothing from batch to batch.
        images: (n, size, size) uint8.
        batch_size: images at once; more would not fit into memory.

    Returns:
        (n, h, w, channels) float32, in the order of the images.
    """
    features = np.empty((len(images), *network.output_shape[1:]), np.float32)
    for start in range(0, len(images), batch_size):
        grey = images[start : start + batch_size, ..., np.newaxis].astype(np.float32)
        pixels = keras.applications.densenet.preprocess_input(np.repeat(grey, 3, axis=-1))
        features[start : start + batch_size] = network.predict_on_batch(pixels)
    return features


def compute_once(path: str | Path, compute: Callable[[], np.ndarray]) -> np.ndarray:
    """An array from a file; where there is no such file yet, computed and stored first.

    A file of that name is whole, whatever stopped an earlier run: it is written under another
    name beside it, and renamed when it is complete.

    Args:
        path: the .npy file; its folder is made if need be.
        compute: makes the array. Called only where the file is missing.

    Returns:
        The array, read-only and mapped from disk (`np.load(..., mmap_mode="r")`), so that it
        may be larger than memory.

    Raises:
        Whatever `compute` raises; OSError where the file cannot be written. Nothing of that name
        is left behind then, and a later call begins anew.
    """
    path = Path(path)
    if not path.is_file():
        array = compute()
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not through a memory map: a full disk would then kill the process instead of raising.
        file = tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False)
        try:
            with file:
                np.save(file, array)
                file.flush()
                os.fsync(file.fileno())
            os.replace(file.name, path)
        finally:
            Path(file.name).unlink(missing_ok=True)
    return np.load(path, mmap_mode="r")


def densenet_features(
    images: np.ndarray, weights: str | Path = "imagenet", batch_size: int = 16
) -> np.ndarray:
    """Features of a frozen DenseNet121, cut at `conv5_block9_concat`.

    Args:
        images: (n, size, size) uint8 grey, size at least 32.
        weights: "imagenet" or a file, see `find_weights`. Never random.
        batch_size: images at once.

    Returns:
        (n, size/32, size/32, 800) float32, sides rounded down; see `network_features`.

    Raises:
        WeightsError: weights that cannot be had or do not fit DenseNet121.
        XrayError: images too small or of another kind.
    """
    if images.ndim != 3 or images.dtype != np.uint8:
        raise XrayError(
            f"DenseNet121 needs (n, size, size) uint8 images, not {images.shape} {images.dtype}"
        )
    return network_features(frozen_densenet(weights, images.shape[1]), images, batch_size)


def features_path(images: np.ndarray, weights: bytes, folder: str | Path) -> Path:
    """The file for the features of some images; its name is a hash of all that makes them.

    Args:
        images: (n, size, size) uint8.
        weights: the content of the weights file.
        folder: of cached files.
    """
    key = hashlib.sha256(f"{PREPROCESSING} {CUT_LAYER} {images.shape} {images.dtype}".encode())
    key.update(np.ascontiguousarray(images).data)
    key.update(weights)
    return Path(folder) / f"densenet121-{key.hexdigest()[:32]}.npy"


def cached_features(
    images: np.ndarray, weights: str | Path, cache_dir: str | Path, batch_size: int = 16
) -> np.ndarray:
    """`densenet_features`, computed once and from then on mapped from disk.

    Args:
        images: (n, size, size) uint8 grey.
        weights: "imagenet" or a file.
        cache_dir: folder of the cached files; made if need be.
        batch_size: images at once.

    Returns:
        (n, h, w, 800) float32, a read-only `np.memmap`.

    Raises:
        WeightsError, XrayError: see `densenet_features`.
        OSError: the disk is full or cannot be written; nothing is left behind.
    """
    path = features_path(images, find_weights(weights).read_bytes(), cache_dir)
    try:
        return compute_once(path, lambda: densenet_features(images, weights, batch_size))
    except OSError as error:
        raise OSError(
            error.errno,
            f"features of {len(images)} images could not be cached: {error.strerror}; free some "
            "space or choose another folder",
            str(cache_dir),
        ) from error
