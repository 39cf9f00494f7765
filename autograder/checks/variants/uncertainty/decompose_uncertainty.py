# Variants of the solution cell of `decompose_uncertainty`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: logarithms where they are needed
def decompose_uncertainty(samples):
    p = np.asarray(samples, np.float64)

    def entropy(q):
        return -np.sum(q * np.log(q, where=q > 0, out=np.zeros_like(q)), axis=-1)

    total = entropy(p.mean(axis=0))
    aleatoric = np.mean([entropy(draw) for draw in p], axis=0)
    return Uncertainty(total, aleatoric, total - aleatoric)


# %% right: TensorFlow in float64
def decompose_uncertainty(samples):
    p = tf.cast(samples, tf.float64)
    h = lambda q: -tf.reduce_sum(tf.math.xlogy(q, q), axis=-1)
    total, aleatoric = h(tf.reduce_mean(p, axis=0)), tf.reduce_mean(h(p), axis=0)
    return Uncertainty(total, aleatoric, total - aleatoric)


# %% right: epistemic first, as the mean KL to the mean prediction; prints
def decompose_uncertainty(samples):
    p = np.array(samples, dtype=np.float64)
    mean = p.mean(axis=0)
    epistemic = special.rel_entr(p, mean).sum(axis=-1).mean(axis=0)
    total = stats.entropy(mean, axis=-1)
    print("largest total:", total.max())
    return Uncertainty(total=total, aleatoric=total - epistemic, epistemic=epistemic)


# %% right: loops, image by image
def decompose_uncertainty(samples):
    rows = []
    for image in np.moveaxis(np.asarray(samples, np.float64), 1, 0):  # (s, k)
        total = stats.entropy(image.sum(axis=0))
        aleatoric = sum(stats.entropy(draw) for draw in image) / len(image)
        rows.append((total, aleatoric, max(total - aleatoric, 0.0)))
    return Uncertainty(*map(np.array, zip(*rows)))


# %% wrong: aleatoric and epistemic changed places
# loses: 10
# hint: Aleatoric and epistemic have changed places. The mean of the entropies is what no further training takes away: aleatoric.
def decompose_uncertainty(samples):
    p = np.asarray(samples, np.float64)
    total = special.entr(p.mean(axis=0)).sum(axis=-1)
    epistemic = special.entr(p).sum(axis=-1).mean(axis=0)
    return Uncertainty(total, total - epistemic, epistemic)


# %% wrong: in bits
# loses: 14
# hint: These are bits. In this course entropies are in nats: take the natural logarithm.
def decompose_uncertainty(samples):
    p = np.asarray(samples, np.float64)
    total = special.entr(p.mean(axis=0)).sum(axis=-1) / np.log(2)
    aleatoric = special.entr(p).sum(axis=-1).mean(axis=0) / np.log(2)
    return Uncertainty(total, aleatoric, total - aleatoric)


# %% wrong: 0 log 0 is NaN
# loses: 3
# hint: A probability of exactly 0 makes this NaN, since log 0 is infinite. 0 log 0 counts as 0: see scipy.special.entr.
def decompose_uncertainty(samples):
    p = np.asarray(samples, np.float64)

    def entropy(q):
        with np.errstate(all="ignore"):
            return -(q * np.log(q)).sum(axis=-1)

    total, aleatoric = entropy(p.mean(axis=0)), entropy(p).mean(axis=0)
    return Uncertainty(total, aleatoric, total - aleatoric)


# %% wrong: the mean of the entropies as total
# loses: 7
# hint: The total is too small: average the probabilities over the draws first, then take the entropy of that mean.
def decompose_uncertainty(samples):
    p = np.asarray(samples, np.float64)
    total = special.entr(p).sum(axis=-1).mean(axis=0)
    aleatoric = special.entr(p).sum(axis=-1).mean(axis=0)
    return Uncertainty(total, aleatoric, total - aleatoric)


# %% wrong: the entropy of the mean as aleatoric
# loses: 10
# hint: The aleatoric part is too large: take the entropy of each draw first, then the mean over the draws.
def decompose_uncertainty(samples):
    p = np.asarray(samples, np.float64)
    total = special.entr(p.mean(axis=0)).sum(axis=-1)
    return Uncertainty(total, total, np.zeros_like(total))


# %% wrong: the variance of the draws as epistemic
# loses: 3
# hint: This is the variance of the probabilities. It also measures disagreement, but not in nats, and it does not add up with the aleatoric part to the total.
def decompose_uncertainty(samples):
    p = np.asarray(samples, np.float64)
    total = special.entr(p.mean(axis=0)).sum(axis=-1)
    aleatoric = special.entr(p).sum(axis=-1).mean(axis=0)
    return Uncertainty(total, aleatoric, p.var(axis=0).sum(axis=-1))


# %% wrong: averaged over the images
# loses: 14
# hint: You average over the images. Each image has an uncertainty of its own: go over the draws, the first axis.
def decompose_uncertainty(samples):
    p = np.asarray(samples, np.float64)
    total = special.entr(p.mean(axis=1)).sum(axis=-1)
    aleatoric = special.entr(p).sum(axis=-1).mean(axis=1)
    return Uncertainty(total, aleatoric, total - aleatoric)


# %% wrong: the sign forgotten
# loses: 14
# hint: This is negative: either the sign of p log p is missing, or total and aleatoric have changed places.
def decompose_uncertainty(samples):
    p = np.asarray(samples, np.float64)
    total = -special.entr(p.mean(axis=0)).sum(axis=-1)
    aleatoric = -special.entr(p).sum(axis=-1).mean(axis=0)
    return Uncertainty(total, aleatoric, total - aleatoric)


# %% wrong: epistemic over total
# loses: 3
# hint: This is the epistemic share of the total. Asked for is the part itself, in nats.
def decompose_uncertainty(samples):
    p = np.asarray(samples, np.float64)
    total = special.entr(p.mean(axis=0)).sum(axis=-1)
    aleatoric = special.entr(p).sum(axis=-1).mean(axis=0)
    return Uncertainty(total, aleatoric, (total - aleatoric) / total)


# %% wrong: total and aleatoric changed places
# loses: 14
# hint: This is negative: either the sign of p log p is missing, or total and aleatoric have changed places.
def decompose_uncertainty(samples):
    p = np.asarray(samples, np.float64)
    aleatoric = special.entr(p.mean(axis=0)).sum(axis=-1)
    total = special.entr(p).sum(axis=-1).mean(axis=0)
    return Uncertainty(total, aleatoric, total - aleatoric)
