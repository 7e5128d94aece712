"""A learnt vector for each person of the training split."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("hrkeras")
class PersonEmbedding(keras.layers.Layer):
    """A vector for each person of the training split, and 0 for everyone else.

    In training, people are treated as strangers at random, so that 0 becomes the best answer for anyone.

    Call arguments:
        person: numbers from `splits.person_numbers`, shape `(batch, 1)`; NaN where unknown.

    Returns:
        Shape `(batch, units)`.

    Args:
        people: numbers of the people who have a vector.
        units: length of a vector.
        hidden: share of the rows treated as strangers in training.
    """

    def __init__(self, people, units=16, hidden=0.5, **kwargs):
        super().__init__(**kwargs)
        self.people, self.units, self.hidden = [float(number) for number in people], units, hidden
        self.seed_generator = keras.random.SeedGenerator()

    def build(self, person_shape):
        self.vectors = self.add_weight(shape=(len(self.people), self.units), initializer="zeros", name="vectors")

    def call(self, person, training=False):
        same = ops.cast(ops.equal(person, ops.convert_to_tensor([self.people], person.dtype)), self.compute_dtype)
        if training and self.hidden:
            shown = keras.random.uniform(ops.shape(person), seed=self.seed_generator) >= self.hidden
            same = same * ops.cast(shown, same.dtype)
        return ops.matmul(same, self.vectors)

    def compute_output_shape(self, person_shape):
        return (person_shape[0], self.units)

    def get_config(self):
        return {**super().get_config(), "people": self.people, "units": self.units, "hidden": self.hidden}
