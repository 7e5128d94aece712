"""How the difference between measured and expected heart rate goes on within a run, as a Kalman filter of three numbers."""

import numpy as np

# Variances in units of a person's usual one, and how much of each is left after a step of 10 s: of the day, of what changes in
# half an hour and of what changes in a minute. Fitted to forecasts 10 s to 10 min ahead in runs of 31 people.
VARIANCES = np.array([0.09, 0.69, 0.24])
KEPT = np.exp(-1 / np.array([np.inf, 220.0, 8.0]))
NOISE = 0.01  # of a measured step, likewise
# Pace and hills do not go on as they were: expected heart rate leaves what is foreseen by so many beats/min, and more for each
# beat/min that it has changed a step of late; at first hardly, with two lags of 75 s. Likewise fitted, also to simulated runs.
CHANGE, BY_CHANGE, LAG = 1.2, 10.6, 0.13


class ResidualProcess:
    """Residuals in units of their usual standard deviation: the sum of a constant, a slow and a quick Ornstein-Uhlenbeck process.

    Attributes:
        mean: of the three, shape `(3,)`.
        covariance: likewise, shape `(3, 3)`.
    """

    def __init__(self) -> None:
        self.mean, self.covariance = np.zeros(3), np.diag(VARIANCES)

    def step(self, residual: float) -> None:
        """Goes on by a step, whose residual was measured or is NaN."""
        self.mean = KEPT * self.mean
        self.covariance = KEPT[:, None] * self.covariance * KEPT + np.diag(VARIANCES * (1 - KEPT**2))
        if np.isfinite(residual):
            along = self.covariance.sum(axis=1)
            gain = along / (along.sum() + NOISE)
            self.mean = self.mean + gain * (residual - self.mean.sum())
            self.covariance = self.covariance - np.outer(gain, along)

    def ahead(self, steps: int) -> tuple[np.ndarray, np.ndarray]:
        """What is expected of the next steps: their means, shape `(steps,)`, and their covariance, shape `(steps, steps)`."""
        after = np.arange(1, steps + 1)
        left = KEPT ** after[:, None]
        apart, together = np.abs(np.subtract.outer(after, after)), np.add.outer(after, after)
        grown = sum(variance * (kept**apart - kept**together) for variance, kept in zip(VARIANCES, KEPT, strict=True))
        return left @ self.mean, left @ self.covariance @ left.T + grown


def change_of_effort(steps: int) -> np.ndarray:
    """How chance makes the next steps leave what is foreseen as effort changes, shape `(steps, steps)`.

    Times independent normal numbers, shape `(steps, paths)`, it gives paths that start from 0 and have a variance of 0.5
    after long: a random effort with a time constant, which heart rate follows with another.
    """
    effort, response, rows = np.zeros(steps), np.zeros(steps), []
    for step in range(steps):
        effort = effort * (1 - LAG)
        effort[step] = np.sqrt(1 - (1 - LAG) ** 2)
        response = response + LAG * (effort - response)
        rows.append(response)
    return np.array(rows)
