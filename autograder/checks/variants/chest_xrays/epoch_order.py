# Variants of the solution cell of `epoch_order`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: NumPy orders from a generator function
def epoch_order(labels, *, shuffle=False, balanced=False, seed=0):
    labels = np.asarray(labels)
    rng = np.random.default_rng(seed)
    of_class = [np.flatnonzero(labels == c) for c in np.unique(labels)]

    def one_epoch():
        if balanced:
            for c in rng.integers(len(of_class), size=len(labels)):
                yield int(rng.choice(of_class[c]))
        elif shuffle:
            yield from rng.permutation(len(labels))
        else:
            yield from range(len(labels))

    return tf.data.Dataset.from_generator(
        one_epoch, output_signature=tf.TensorSpec((), tf.int64)
    )


# %% right: the same steps in another order, prints
import sys


def epoch_order(labels, *, shuffle=False, balanced=False, seed=0):
    n = len(labels)
    print("an epoch has", n, "images", file=sys.stderr)
    if balanced:
        parts = []
        for c in sorted(set(np.asarray(labels).tolist())):
            own = tf.constant(np.where(np.asarray(labels) == c)[0], tf.int64)
            part = tf.data.Dataset.from_tensor_slices(own).repeat()
            parts.append(part.shuffle(4 * len(own), seed=seed + c))
        return tf.data.Dataset.sample_from_datasets(
            parts, seed=seed, rerandomize_each_iteration=True
        ).take(n)
    indices = tf.data.Dataset.from_tensor_slices(np.arange(n))
    return indices.shuffle(buffer_size=n + 10, seed=seed) if shuffle else indices


# %% right: the classes take turns
def epoch_order(labels, *, shuffle=False, balanced=False, seed=0):
    labels = np.asarray(labels)
    if not balanced:
        plain = tf.data.Dataset.range(len(labels))
        return plain.shuffle(len(labels), seed) if shuffle else plain
    classes = np.unique(labels)
    endless = []
    for c in classes:
        own = np.flatnonzero(labels == c)
        endless.append(tf.data.Dataset.from_tensor_slices(own).shuffle(len(own), seed).repeat())
    turns = tf.data.Dataset.range(len(classes)).repeat()
    return tf.data.Dataset.choose_from_datasets(endless, turns).take(len(labels))


# %% wrong: a small buffer
# loses: 3
# hint: With a buffer of 32, an image moves little from its place: the epoch still begins with the first class. The buffer must hold all n indices.
def epoch_order(labels, *, shuffle=False, balanced=False, seed=0):
    labels = np.asarray(labels)
    if balanced:
        of_class = [np.flatnonzero(labels == label) for label in np.unique(labels)]
        endless = [
            tf.data.Dataset.from_tensor_slices(i).shuffle(len(i), seed=seed).repeat()
            for i in of_class
        ]
        return tf.data.Dataset.sample_from_datasets(
            endless, seed=seed, rerandomize_each_iteration=True
        ).take(len(labels))
    order = tf.data.Dataset.range(len(labels))
    return order.shuffle(32, seed=seed) if shuffle else order


# %% wrong: the same order in every epoch
# loses: 2
# hint: Every epoch has the same order. Batches then always hold the same images together; ask for reshuffle_each_iteration=True.
def epoch_order(labels, *, shuffle=False, balanced=False, seed=0):
    labels = np.asarray(labels)
    if balanced:
        of_class = [np.flatnonzero(labels == label) for label in np.unique(labels)]
        endless = [
            tf.data.Dataset.from_tensor_slices(i).shuffle(len(i), seed=seed).repeat()
            for i in of_class
        ]
        return tf.data.Dataset.sample_from_datasets(
            endless, seed=seed, rerandomize_each_iteration=True
        ).take(len(labels))
    order = tf.data.Dataset.range(len(labels))
    if shuffle:
        order = order.shuffle(len(labels), seed=seed, reshuffle_each_iteration=False)
    return order


# %% wrong: the seed forgotten
# loses: 2
# hint: The seed is not handed on, so no run can be repeated.
def epoch_order(labels, *, shuffle=False, balanced=False, seed=0):
    labels = np.asarray(labels)
    if balanced:
        of_class = [np.flatnonzero(labels == label) for label in np.unique(labels)]
        endless = [
            tf.data.Dataset.from_tensor_slices(i).shuffle(len(i)).repeat() for i in of_class
        ]
        return tf.data.Dataset.sample_from_datasets(
            endless, rerandomize_each_iteration=True
        ).take(len(labels))
    order = tf.data.Dataset.range(len(labels))
    return order.shuffle(len(labels)) if shuffle else order


# %% wrong: always shuffled
# loses: 2
# hint: You shuffle whether asked to or not. Validation wants the images in order, so that predictions find their names again.
def epoch_order(labels, *, shuffle=False, balanced=False, seed=0):
    labels = np.asarray(labels)
    if balanced:
        of_class = [np.flatnonzero(labels == label) for label in np.unique(labels)]
        endless = [
            tf.data.Dataset.from_tensor_slices(i).shuffle(len(i), seed=seed).repeat()
            for i in of_class
        ]
        return tf.data.Dataset.sample_from_datasets(
            endless, seed=seed, rerandomize_each_iteration=True
        ).take(len(labels))
    return tf.data.Dataset.range(len(labels)).shuffle(len(labels), seed=seed)


# %% wrong: balanced only in name
# loses: 3
# hint: Asked for balance, you show the classes as often as they occur. Draw the class first, with the same probability for each, and then an image of it.
def epoch_order(labels, *, shuffle=False, balanced=False, seed=0):
    order = tf.data.Dataset.range(len(labels))
    return order.shuffle(len(labels), seed=seed) if shuffle or balanced else order


# %% wrong: the rare class drawn without repetition
# loses: 3
# hint: When the rare class has run out, your epoch goes on with the frequent one or ends. repeat() makes a class endless.
def epoch_order(labels, *, shuffle=False, balanced=False, seed=0):
    labels = np.asarray(labels)
    if balanced:
        of_class = [np.flatnonzero(labels == label) for label in np.unique(labels)]
        parts = [
            tf.data.Dataset.from_tensor_slices(i).shuffle(len(i), seed=seed) for i in of_class
        ]
        return tf.data.Dataset.sample_from_datasets(
            parts, seed=seed, rerandomize_each_iteration=True
        ).take(len(labels))
    order = tf.data.Dataset.range(len(labels))
    return order.shuffle(len(labels), seed=seed) if shuffle else order


# %% wrong: the frequent class cut to the size of the rare one
# loses: 3
# hint: You throw images of the frequent class away until both are equally many. Repeat the rare ones instead: an epoch has n images.
def epoch_order(labels, *, shuffle=False, balanced=False, seed=0):
    labels = np.asarray(labels)
    if balanced:
        n_rare = np.bincount(labels).min()
        parts = [
            tf.data.Dataset.from_tensor_slices(np.flatnonzero(labels == label))
            .shuffle(len(labels), seed=seed)
            .take(n_rare)
            for label in np.unique(labels)
        ]
        return parts[0].concatenate(parts[1]).shuffle(2 * n_rare, seed=seed)
    order = tf.data.Dataset.range(len(labels))
    return order.shuffle(len(labels), seed=seed) if shuffle else order


# %% wrong: drawn with replacement
# loses: 3
# hint: You draw with replacement: about a third of the images is missing from an epoch and others come twice. Shuffling shows each once.
def epoch_order(labels, *, shuffle=False, balanced=False, seed=0):
    labels = np.asarray(labels)
    rng = np.random.default_rng(seed)
    of_class = [np.flatnonzero(labels == c) for c in np.unique(labels)]

    def one_epoch():
        for i in range(len(labels)):
            if balanced:
                yield int(rng.choice(of_class[rng.integers(len(of_class))]))
            else:
                yield int(rng.integers(len(labels))) if shuffle else i

    return tf.data.Dataset.from_generator(
        one_epoch, output_signature=tf.TensorSpec((), tf.int64)
    )


# %% wrong: endless
# loses: 8
# hint: Your dataset never ends, or lasts several epochs. One pass through it is one epoch of n images.
def epoch_order(labels, *, shuffle=False, balanced=False, seed=0):
    labels = np.asarray(labels)
    order = tf.data.Dataset.range(len(labels))
    if balanced:
        of_class = [np.flatnonzero(labels == label) for label in np.unique(labels)]
        parts = [
            tf.data.Dataset.from_tensor_slices(i).shuffle(len(i), seed=seed).repeat()
            for i in of_class
        ]
        order = tf.data.Dataset.sample_from_datasets(
            parts, seed=seed, rerandomize_each_iteration=True
        ).take(len(labels))
    elif shuffle:
        order = order.shuffle(len(labels), seed=seed)
    return order.repeat(2)
