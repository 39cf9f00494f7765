"""Train a few steps under strategies and write loss, nll and KL of each epoch as JSON.

A script of its own, since devices and clusters must be set up before TensorFlow starts:

    strategy_worker.py devices OUT        one device, and two that are mirrored
    strategy_worker.py workers OUT        this worker's part of the cluster in TF_CONFIG

What makes the runs comparable: the same initial weights, the same global batches in the same
order, no augmentation, and posterior standard deviations of 1.5e-8 (ρ = -18), below what float32
sees beside the means. The weight noise differs between replicas by design, so equality can only
be asked where the noise is too small to show; the loss, its gradient, batch normalisation and the
whole KL (about 16 nats a weight then, far from negligible) still take part. The KL at the ordinary
initial scale is reported too: it is a closed form and needs no such care.
"""

import json
import sys
from pathlib import Path

import tensorflow as tf

mode, out = sys.argv[1], Path(sys.argv[2])
if mode == "devices":
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)

from bayescnn import layers, strategies  # noqa: E402
from bayescnn import train as training  # noqa: E402
from bayescnn.bayesian_resnet import TrainingConfig, build_model, compile_model  # noqa: E402
from bayescnn.run_directory import RunConfig  # noqa: E402


def run(strategy):
    config = RunConfig("phantom:100", size=32)
    data, _ = training.load_data(config)
    data = data._replace(train=data.train.take(slice(0, 64)), val=data.val.take(slice(0, 8)))
    recipe = TrainingConfig(epochs=3, batch_size=16, warm_up_epochs=1)
    model_config, _ = training.configure(config, data, recipe)
    with strategy.scope():
        model = build_model(model_config)
        compile_model(model, recipe)
    kl_at_start = float(layers.kl_divergence(model))
    for weight in model.trainable_weights:
        if "untransformed_scale" in weight.name:
            weight.assign(tf.fill(weight.shape, -18.0))
    # Plain batches in a fixed order: what the runs have in common, see above.
    train = training.chest_xrays.image_dataset(data.train, recipe.batch_size, n_classes=2)
    val = training.chest_xrays.image_dataset(data.val, recipe.batch_size, n_classes=2)
    history = model.fit(
        training.sharded(train),
        validation_data=training.sharded(val),
        epochs=recipe.epochs,
        callbacks=[layers.KLWarmUp(model.kl_scale, recipe.warm_up_epochs)],
        verbose=0,
    ).history
    return {
        "replicas": strategy.num_replicas_in_sync,
        "kl_at_start": kl_at_start,
        "kl_at_end": float(layers.kl_divergence(model)),
        **{key: history[key] for key in ("loss", "nll", "kl", "val_loss", "val_nll")},
    }


if mode == "devices":
    one = run(strategies.make_strategy("auto"))
    result = {"one": one, "two": run(strategies.make_strategy("mirrored"))}
    chief = True
else:
    strategy = strategies.make_strategy("auto")
    chief = strategies.is_chief(strategy)
    result = run(strategy)
if chief:
    out.write_text(json.dumps(result))
