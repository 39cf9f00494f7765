# Variants of the solution cell of `KLScale`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: one factor after the other
class KLScale:
    def __init__(self, n_train, kl_weight=1.0):
        self.n_train = n_train
        self.kl_weight = kl_weight
        self.beta = tf.Variable(1.0, trainable=False, name="kl_beta", dtype=tf.float32)

    @property
    def value(self):
        value = tf.convert_to_tensor(self.beta) * self.kl_weight
        return value / self.n_train


# %% right: tf.divide, float64
class KLScale:
    def __init__(self, n_train, kl_weight=1.0):
        self.n_train = n_train
        self.kl_weight = kl_weight
        self.beta = tf.Variable(1.0, trainable=False, name="kl_beta", dtype=tf.float32)

    @property
    def value(self):
        weight = tf.divide(tf.cast(self.kl_weight, tf.float64), tf.cast(self.n_train, tf.float64))
        return tf.cast(weight * tf.cast(self.beta, tf.float64), tf.float32)


# %% right: read_value and a print
class KLScale:
    def __init__(self, n_train, kl_weight=1.0):
        self.n_train = n_train
        self.kl_weight = kl_weight
        self.beta = tf.Variable(1.0, trainable=False, name="kl_beta", dtype=tf.float32)

    @property
    def value(self):
        print("the factor is read")
        share = 1.0 / float(self.n_train)
        return self.beta.read_value() * share * self.kl_weight


# %% wrong: not divided by N
# loses: 8
# hint: The KL belongs to the whole training set, the Keras loss to one example: divide by n_train.
class KLScale:
    def __init__(self, n_train, kl_weight=1.0):
        self.n_train = n_train
        self.kl_weight = kl_weight
        self.beta = tf.Variable(1.0, trainable=False, name="kl_beta", dtype=tf.float32)

    @property
    def value(self):
        return self.beta * self.kl_weight


# %% wrong: beta forgotten
# loses: 8
# hint: The warm-up is missing: beta rises from 0 to 1, and the factor with it.
class KLScale:
    def __init__(self, n_train, kl_weight=1.0):
        self.n_train = n_train
        self.kl_weight = kl_weight
        self.beta = tf.Variable(1.0, trainable=False, name="kl_beta", dtype=tf.float32)

    @property
    def value(self):
        return tf.constant(self.kl_weight / self.n_train)


# %% wrong: kl_weight forgotten
# loses: 8
# hint: The KL's weight, kl_weight, is missing. It is 1 only for the plain ELBO.
class KLScale:
    def __init__(self, n_train, kl_weight=1.0):
        self.n_train = n_train
        self.kl_weight = kl_weight
        self.beta = tf.Variable(1.0, trainable=False, name="kl_beta", dtype=tf.float32)

    @property
    def value(self):
        return self.beta / self.n_train


# %% wrong: beta in the denominator
# loses: 8
# hint: A warm-up multiplies: at beta 0 the KL counts for nothing. Here it would count infinitely.
class KLScale:
    def __init__(self, n_train, kl_weight=1.0):
        self.n_train = n_train
        self.kl_weight = kl_weight
        self.beta = tf.Variable(1.0, trainable=False, name="kl_beta", dtype=tf.float32)

    @property
    def value(self):
        return (self.kl_weight / self.n_train) / self.beta


# %% wrong: N times instead of one Nth
# loses: 8
# hint: Multiplied by n_train instead of divided by it.
class KLScale:
    def __init__(self, n_train, kl_weight=1.0):
        self.n_train = n_train
        self.kl_weight = kl_weight
        self.beta = tf.Variable(1.0, trainable=False, name="kl_beta", dtype=tf.float32)

    @property
    def value(self):
        return self.beta * self.kl_weight * self.n_train


# %% wrong: divided by N twice
# loses: 8
# hint: Divided by n_train twice. Once is right: the sum over examples became a mean.
class KLScale:
    def __init__(self, n_train, kl_weight=1.0):
        self.n_train = n_train
        self.kl_weight = kl_weight
        self.beta = tf.Variable(1.0, trainable=False, name="kl_beta", dtype=tf.float32)

    @property
    def value(self):
        return self.beta * self.kl_weight / self.n_train**2


# %% wrong: the value at the moment of compiling
# loses: 4
# hint: Inside a compiled graph beta has no number yet. Compute with the variable itself, not with what float(), numpy() or tf.constant make of it.
class KLScale:
    def __init__(self, n_train, kl_weight=1.0):
        self.n_train = n_train
        self.kl_weight = kl_weight
        self.beta = tf.Variable(1.0, trainable=False, name="kl_beta", dtype=tf.float32)

    @property
    def value(self):
        return float(self.beta.numpy()) * self.kl_weight / self.n_train


# %% wrong: numpy() on the variable
# loses: 4
# hint: Inside a compiled graph beta has no number yet. Compute with the variable itself, not with what float(), numpy() or tf.constant make of it.
class KLScale:
    def __init__(self, n_train, kl_weight=1.0):
        self.n_train = n_train
        self.kl_weight = kl_weight
        self.beta = tf.Variable(1.0, trainable=False, name="kl_beta", dtype=tf.float32)

    @property
    def value(self):
        return self.beta.numpy() * self.kl_weight / self.n_train


# %% wrong: float() of the variable
# loses: 4
# hint: Inside a compiled graph beta has no number yet. Compute with the variable itself, not with what float(), numpy() or tf.constant make of it.
class KLScale:
    def __init__(self, n_train, kl_weight=1.0):
        self.n_train = n_train
        self.kl_weight = kl_weight
        self.beta = tf.Variable(1.0, trainable=False, name="kl_beta", dtype=tf.float32)

    @property
    def value(self):
        return float(self.beta) * self.kl_weight / self.n_train


# %% wrong: a constant of the variable
# loses: 4
# hint: Inside a compiled graph beta has no number yet. Compute with the variable itself, not with what float(), numpy() or tf.constant make of it.
class KLScale:
    def __init__(self, n_train, kl_weight=1.0):
        self.n_train = n_train
        self.kl_weight = kl_weight
        self.beta = tf.Variable(1.0, trainable=False, name="kl_beta", dtype=tf.float32)

    @property
    def value(self):
        return tf.constant(self.beta) * self.kl_weight / self.n_train


# %% wrong: an array of the variable
# loses: 4
# hint: Inside a compiled graph beta has no number yet. Compute with the variable itself, not with what float(), numpy() or tf.constant make of it.
class KLScale:
    def __init__(self, n_train, kl_weight=1.0):
        self.n_train = n_train
        self.kl_weight = kl_weight
        self.beta = tf.Variable(1.0, trainable=False, name="kl_beta", dtype=tf.float32)

    @property
    def value(self):
        return np.multiply(self.beta, self.kl_weight) / self.n_train
