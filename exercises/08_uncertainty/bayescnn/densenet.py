"""DenseNet121 with ImageNet weights, cut at `conv5_block9_concat`: a frozen view of an image.

Given to students; topic 06 (`chest_xrays`) builds on it. The weights are fetched once, or read
from a file. Where neither can be had, an error says so: never are they random.

Reference:
    Huang et al. (2017), *Densely Connected Convolutional Networks*, CVPR, arXiv:1608.06993.
"""

from __future__ import annotations

import socket
from pathlib import Path

import h5py
import tf_keras as keras

from bayescnn.xray_files import XrayError

CUT_LAYER = "conv5_block9_concat"  # 7 x 7 x 800 for images of 224 x 224
MIN_SIZE = 32  # pixels: the network halves the image five times
DENSENET_URL = (
    "https://storage.googleapis.com/tensorflow/keras-applications/densenet/"
    "densenet121_weights_tf_dim_ordering_tf_kernels_notop.h5"
)
DENSENET_MD5 = "30ee3e1110167f948a6b9946edeeb738"


class WeightsError(ValueError):
    """Network weights that cannot be had or do not fit; the message says what to do."""


def find_weights(weights: str | Path) -> Path:
    """The file of DenseNet121 weights: the one given, or ImageNet's, fetched once by Keras.

    Args:
        weights: "imagenet", or a file that `save_weights("....h5")` of
            `DenseNet121(include_top=False)` wrote, as Keras' own `..._notop.h5` is.

    Returns:
        The path of an HDF5 file.

    Raises:
        WeightsError: no network, no such file, or no HDF5 file.
    """
    if str(weights) == "imagenet":
        timeout = socket.getdefaulttimeout()
        socket.setdefaulttimeout(20)  # Keras sets none: a silent network would hang for good
        try:
            return Path(
                keras.utils.get_file(
                    DENSENET_URL.rsplit("/", 1)[1],
                    DENSENET_URL,
                    cache_subdir="models",
                    file_hash=DENSENET_MD5,
                )
            )
        except Exception as error:  # that is the class which Keras raises
            raise WeightsError(
                "ImageNet weights of DenseNet121 could not be fetched; give a file of them with "
                "--weights FILE, or train without them with --backbone stem "
                f"(fetched from {DENSENET_URL}: {error})"
            ) from error
        finally:
            socket.setdefaulttimeout(timeout)
    path = Path(weights)
    if not path.is_file():
        raise WeightsError(f"{path}: no such weights file; give another, or --backbone stem")
    if not h5py.is_hdf5(path):
        raise WeightsError(
            f"{path}: not an HDF5 weights file; give the .h5 of DenseNet121 without its top "
            "layer, --weights imagenet, or --backbone stem"
        )
    return path


def frozen_densenet(weights: str | Path, size: int) -> keras.Model:
    """DenseNet121 up to the cut layer, not trainable.

    Args:
        weights: "imagenet" or a file, see `find_weights`.
        size: side of the images, pixels.

    Returns:
        A model from (b, size, size, 3), preprocessed as DenseNet was trained, to
        (b, size/32, size/32, 800), sides rounded down.

    Raises:
        WeightsError: weights that cannot be had or do not fit DenseNet121.
        XrayError: a size below 32.
    """
    if size < MIN_SIZE:
        raise XrayError(
            f"DenseNet121 needs images of at least {MIN_SIZE} x {MIN_SIZE} pixels, not "
            f"{size} x {size}; give a larger --size"
        )
    path = find_weights(weights)
    network = keras.applications.DenseNet121(
        include_top=False, weights=None, input_shape=(size, size, 3)
    )
    try:
        network.load_weights(path)
    except Exception as error:  # ValueError, KeyError, OSError: whatever the file lacks
        raise WeightsError(
            f"{path}: not the weights of DenseNet121 without its top layer ({error}); "
            "give their file, --weights imagenet, or --backbone stem"
        ) from error
    cut = keras.Model(network.input, network.get_layer(CUT_LAYER).output)
    cut.trainable = False
    return cut
