# Variants of the solution cell of `sweep_kl_weights`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: through history(), recorder made before the seed, a third callback
def sweep_kl_weights(
    features, targets, kl_weights, make_model, make_recorder, n_epochs, batch_size, seed=0
):
    rows = {}
    for i, w in enumerate(kl_weights):
        recorder = make_recorder()
        keras.utils.set_random_seed(seed)
        model = make_model(w)
        model.fit(
            x=features,
            y=targets,
            callbacks=[keras.callbacks.TerminateOnNaN(), recorder],
            batch_size=batch_size,
            epochs=n_epochs,
            shuffle=True,
            verbose=False,
        )
        rows[i] = recorder.history()["variance"].mean(axis=1)
    return np.array([rows[i] for i in range(len(kl_weights))])


# %% right: fills an array, a helper, the three seeds one by one, prints
import random
import sys


def one_fit(model, recorder, features, targets, batch_size, n_epochs):
    model.fit(features, targets, batch_size, n_epochs, 0, callbacks=recorder)
    return [float(variance.sum() / variance.size) for variance in recorder.variances]


def sweep_kl_weights(
    features, targets, kl_weights, make_model, make_recorder, n_epochs, batch_size, seed=0
):
    curves = np.zeros((len(kl_weights), n_epochs))
    for row, kl_weight in zip(curves, kl_weights):
        random.seed(seed)
        np.random.seed(seed)
        tf.random.set_seed(seed)
        print("KL weight", kl_weight, file=sys.stderr)
        row[:] = one_fit(
            make_model(kl_weight), make_recorder(), features, targets, batch_size, n_epochs
        )
    return curves


# %% right: tensors, a comprehension over an inner function
def sweep_kl_weights(
    features, targets, kl_weights, make_model, make_recorder, n_epochs, batch_size, seed=0
):
    def curve(kl_weight):
        keras.utils.set_random_seed(seed=seed)
        model, recorder = make_model(kl_weight), make_recorder()
        model.fit(
            tf.convert_to_tensor(features),
            tf.convert_to_tensor(targets),
            epochs=n_epochs,
            batch_size=batch_size,
            callbacks=[recorder],
            verbose=2,
        )
        return tf.reduce_mean(tf.stack(recorder.variances), axis=1)

    return tf.stack([curve(kl_weight) for kl_weight in kl_weights])


# %% wrong: the last epoch only
# loses: 6
# hint: There is one number per KL weight, from the last epoch. The whole curve is wanted: one column per epoch.
def sweep_kl_weights(
    features, targets, kl_weights, make_model, make_recorder, n_epochs, batch_size, seed=0
):
    curves = []
    for kl_weight in kl_weights:
        keras.utils.set_random_seed(seed)
        recorder = make_recorder()
        make_model(kl_weight).fit(
            features, targets, epochs=n_epochs, batch_size=batch_size, callbacks=[recorder]
        )
        curves.append(np.mean(recorder.variances[-1]))
    return np.stack(curves)


# %% wrong: averaged over epochs
# loses: 6
# hint: You average over the epochs and keep the weights of the layer apart. It is the other axis: average over the weights, keep the epochs.
def sweep_kl_weights(
    features, targets, kl_weights, make_model, make_recorder, n_epochs, batch_size, seed=0
):
    curves = []
    for kl_weight in kl_weights:
        keras.utils.set_random_seed(seed)
        recorder = make_recorder()
        make_model(kl_weight).fit(
            features, targets, epochs=n_epochs, batch_size=batch_size, callbacks=[recorder]
        )
        curves.append(np.mean(recorder.variances, axis=0))
    return np.stack(curves)


# %% wrong: the sum over the weights
# loses: 6
# hint: You add the variances of all weights up. Their average is wanted.
def sweep_kl_weights(
    features, targets, kl_weights, make_model, make_recorder, n_epochs, batch_size, seed=0
):
    curves = []
    for kl_weight in kl_weights:
        keras.utils.set_random_seed(seed)
        recorder = make_recorder()
        make_model(kl_weight).fit(
            features, targets, epochs=n_epochs, batch_size=batch_size, callbacks=[recorder]
        )
        curves.append(np.sum(recorder.variances, axis=-1))
    return np.stack(curves)


# %% wrong: standard deviations
# loses: 6
# hint: You take square roots, so these are standard deviations. The variance itself is wanted.
def sweep_kl_weights(
    features, targets, kl_weights, make_model, make_recorder, n_epochs, batch_size, seed=0
):
    curves = []
    for kl_weight in kl_weights:
        keras.utils.set_random_seed(seed)
        recorder = make_recorder()
        make_model(kl_weight).fit(
            features, targets, epochs=n_epochs, batch_size=batch_size, callbacks=[recorder]
        )
        curves.append(np.mean(np.sqrt(recorder.variances), axis=-1))
    return np.stack(curves)


# %% wrong: the means instead of the variances
# loses: 6
# hint: These are the posterior means. How wide the posterior is stands in the recorder's variances.
def sweep_kl_weights(
    features, targets, kl_weights, make_model, make_recorder, n_epochs, batch_size, seed=0
):
    curves = []
    for kl_weight in kl_weights:
        keras.utils.set_random_seed(seed)
        recorder = make_recorder()
        make_model(kl_weight).fit(
            features, targets, epochs=n_epochs, batch_size=batch_size, callbacks=[recorder]
        )
        curves.append(np.mean(recorder.means, axis=-1))
    return np.stack(curves)


# %% wrong: KL weights in rising order
# loses: 6
# hint: Your rows follow the KL weights from small to large. Keep the order in which they were given.
def sweep_kl_weights(
    features, targets, kl_weights, make_model, make_recorder, n_epochs, batch_size, seed=0
):
    curves = []
    for kl_weight in sorted(kl_weights):
        keras.utils.set_random_seed(seed)
        recorder = make_recorder()
        make_model(kl_weight).fit(
            features, targets, epochs=n_epochs, batch_size=batch_size, callbacks=[recorder]
        )
        curves.append(np.mean(recorder.variances, axis=-1))
    return np.stack(curves)


# %% wrong: epochs down, KL weights across
# loses: 6
# hint: Rows and columns are swapped: one row per KL weight, one column per epoch.
def sweep_kl_weights(
    features, targets, kl_weights, make_model, make_recorder, n_epochs, batch_size, seed=0
):
    curves = []
    for kl_weight in kl_weights:
        keras.utils.set_random_seed(seed)
        recorder = make_recorder()
        make_model(kl_weight).fit(
            features, targets, epochs=n_epochs, batch_size=batch_size, callbacks=[recorder]
        )
        curves.append(np.mean(recorder.variances, axis=-1))
    return np.stack(curves, axis=1)


# %% wrong: the weights divided by N once more
# loses: 6
# hint: The given weights go to make_model as they are. You divide them by the number of examples once more.
def sweep_kl_weights(
    features, targets, kl_weights, make_model, make_recorder, n_epochs, batch_size, seed=0
):
    curves = []
    for kl_weight in kl_weights:
        keras.utils.set_random_seed(seed)
        recorder = make_recorder()
        make_model(kl_weight / len(features)).fit(
            features, targets, epochs=n_epochs, batch_size=batch_size, callbacks=[recorder]
        )
        curves.append(np.mean(recorder.variances, axis=-1))
    return np.stack(curves)


# %% wrong: one recorder for all fits
# loses: 6
# hint: Every row shows the first fit again. Each KL weight needs a model of its own and a recorder of its own.
def sweep_kl_weights(
    features, targets, kl_weights, make_model, make_recorder, n_epochs, batch_size, seed=0
):
    curves = []
    recorder = make_recorder()
    for kl_weight in kl_weights:
        keras.utils.set_random_seed(seed)
        make_model(kl_weight).fit(
            features, targets, epochs=n_epochs, batch_size=batch_size, callbacks=[recorder]
        )
        curves.append(np.mean(recorder.variances[:n_epochs], axis=-1))
    return np.stack(curves)


# %% wrong: one recorder, and rows that grow
# loses: 10
# hint: Your rows have different lengths: one recorder collects the epochs of all fits. Make a recorder for each fit.
def sweep_kl_weights(
    features, targets, kl_weights, make_model, make_recorder, n_epochs, batch_size, seed=0
):
    curves = []
    recorder = make_recorder()
    for kl_weight in kl_weights:
        keras.utils.set_random_seed(seed)
        make_model(kl_weight).fit(
            features, targets, epochs=n_epochs, batch_size=batch_size, callbacks=[recorder]
        )
        curves.append(np.mean(recorder.variances, axis=-1))
    return np.stack(curves)


# %% wrong: one model for all weights
# loses: 10
# hint: Every row shows the first fit again. Each KL weight needs a model of its own and a recorder of its own.
def sweep_kl_weights(
    features, targets, kl_weights, make_model, make_recorder, n_epochs, batch_size, seed=0
):
    curves = []
    keras.utils.set_random_seed(seed)
    model = make_model(kl_weights[0])
    for kl_weight in kl_weights:
        recorder = make_recorder()
        model.fit(
            features, targets, epochs=n_epochs, batch_size=batch_size, callbacks=[recorder]
        )
        curves.append(np.mean(recorder.variances, axis=-1))
    return np.stack(curves)


# %% wrong: the seed set once, before the loop
# loses: 2
# hint: The seed is set once, so only the first model starts from it. Set it again before each model, or the runs differ in more than the KL weight.
def sweep_kl_weights(
    features, targets, kl_weights, make_model, make_recorder, n_epochs, batch_size, seed=0
):
    curves = []
    keras.utils.set_random_seed(seed)
    for kl_weight in kl_weights:
        recorder = make_recorder()
        make_model(kl_weight).fit(
            features, targets, epochs=n_epochs, batch_size=batch_size, callbacks=[recorder]
        )
        curves.append(np.mean(recorder.variances, axis=-1))
    return np.stack(curves)


# %% wrong: a seed of its own for every weight
# loses: 2
# hint: Every run has another seed, so the runs differ in more than the KL weight. Use the same seed each time.
def sweep_kl_weights(
    features, targets, kl_weights, make_model, make_recorder, n_epochs, batch_size, seed=0
):
    curves = []
    for index, kl_weight in enumerate(kl_weights):
        keras.utils.set_random_seed(seed + index)
        recorder = make_recorder()
        make_model(kl_weight).fit(
            features, targets, epochs=n_epochs, batch_size=batch_size, callbacks=[recorder]
        )
        curves.append(np.mean(recorder.variances, axis=-1))
    return np.stack(curves)


# %% wrong: only NumPy is seeded
# loses: 2
# hint: That seeds NumPy, but TensorFlow draws the weights. keras.utils.set_random_seed seeds both, and Python too.
def sweep_kl_weights(
    features, targets, kl_weights, make_model, make_recorder, n_epochs, batch_size, seed=0
):
    curves = []
    for kl_weight in kl_weights:
        np.random.seed(seed)
        recorder = make_recorder()
        make_model(kl_weight).fit(
            features, targets, epochs=n_epochs, batch_size=batch_size, callbacks=[recorder]
        )
        curves.append(np.mean(recorder.variances, axis=-1))
    return np.stack(curves)


# %% wrong: the seed set after the model is made
# loses: 2
# hint: The seed comes too late: the model is already made and its starting point drawn. Seed first, then make the model.
def sweep_kl_weights(
    features, targets, kl_weights, make_model, make_recorder, n_epochs, batch_size, seed=0
):
    curves = []
    for kl_weight in kl_weights:
        recorder = make_recorder()
        model = make_model(kl_weight)
        keras.utils.set_random_seed(seed)
        model.fit(
            features, targets, epochs=n_epochs, batch_size=batch_size, callbacks=[recorder]
        )
        curves.append(np.mean(recorder.variances, axis=-1))
    return np.stack(curves)


# %% wrong: always seed 0
# loses: 2
# hint: The argument seed is not used: every run starts from seed 0.
def sweep_kl_weights(
    features, targets, kl_weights, make_model, make_recorder, n_epochs, batch_size, seed=0
):
    curves = []
    for kl_weight in kl_weights:
        keras.utils.set_random_seed(0)
        recorder = make_recorder()
        make_model(kl_weight).fit(
            features, targets, epochs=n_epochs, batch_size=batch_size, callbacks=[recorder]
        )
        curves.append(np.mean(recorder.variances, axis=-1))
    return np.stack(curves)


# %% wrong: batch_size forgotten
# loses: 2
# hint: Every fit runs with batches of 32, Keras' default: batch_size never reaches fit.
def sweep_kl_weights(
    features, targets, kl_weights, make_model, make_recorder, n_epochs, batch_size, seed=0
):
    curves = []
    for kl_weight in kl_weights:
        keras.utils.set_random_seed(seed)
        recorder = make_recorder()
        make_model(kl_weight).fit(features, targets, epochs=n_epochs, callbacks=[recorder])
        curves.append(np.mean(recorder.variances, axis=-1))
    return np.stack(curves)


# %% wrong: epochs and batch size swapped
# loses: 8
# hint: In fit's order the batch size comes before the number of epochs. Yours are swapped; naming the arguments is safer.
def sweep_kl_weights(
    features, targets, kl_weights, make_model, make_recorder, n_epochs, batch_size, seed=0
):
    curves = []
    for kl_weight in kl_weights:
        keras.utils.set_random_seed(seed)
        recorder = make_recorder()
        make_model(kl_weight).fit(features, targets, n_epochs, batch_size, callbacks=[recorder])
        curves.append(np.mean(recorder.variances, axis=-1))
    return np.stack(curves)
