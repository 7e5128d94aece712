"""The athlete's state in plain Python, with nothing imported but the standard library: to be ported, not to be used.

docs/reference/athlete_formulas.md says the same in formulas; athlete_vectors.json has runs with what must come out.
"""

import math
from bisect import bisect_left

STEP = 10.0  # s
DAY = 86_400.0  # s
COST = (155.4, -30.4, -43.3, 46.3, 19.5, 3.6)
COURSE = 3  # of the features, the last that are known only where the whole course is
PACES = (1.0, 8.0, 0.125)
MEMORIES = (4.0, 20.0)
BINS = (
    (0.8, 1.4, 1.8, 2.2, 2.6, 3.0, 3.4, 4.0),
    (-0.3, -0.15, -0.05, 0.05, 0.15, 0.3),
    (1, 2, 3, 5, 8, 12, 20, 30, 45, 60, 90, 120),
)
KEPT = 120
# places in a row of the basis
EFFORT, SPEED, UP, DOWN, MEAN, HIGHEST, STANDING, CLIMBED, HOURS = 2, 6, 11, 15, 27, 28, 29, 32, 34
RESIDUAL = 4  # place in a record


def clip(value, low, high):
    return min(max(value, low), high)


def mean(values):
    return sum(values) / len(values)


def deviation(values):
    centre = mean(values)
    return math.sqrt(mean([(value - centre) ** 2 for value in values]))


def dot(one, two):
    return sum(a * b for a, b in zip(one, two, strict=True))


def basis(speed, altitude):
    """The 48 numbers of each step: m/s and m in."""
    averages = {}

    def average(name, value, spans):
        for span in spans:
            keep = 1 - 2 / (span + 1)
            averages[name, span] = keep * averages.get((name, span), 0.0) + (1 - keep) * value
        return [averages[name, span] for span in spans]

    rows, efforts, standings, hards, climbed, descended, highest = [], 0.0, 0, 0.0, 0.0, 0.0, -math.inf
    for t, v in enumerate(speed):
        climb = (altitude[t] - altitude[max(t - 5, 0)]) / 50
        usual = mean([speed[max(t - k, 0)] for k in range(5)])
        grade, cost = clip(climb / max(usual, 0.5), -0.3, 0.3), 0.0
        for coefficient in COST:
            cost = cost * grade + coefficient
        effort, up, down, standing = v * cost / 3.6, max(climb, 0.0), max(-climb, 0.0), 1 if v < 0.5 else 0
        e = average("effort", effort, (3, 12, 30, 90, 180))
        s = average("speed", v, (3, 12, 30, 90))
        (slope,) = average("grade", climb / max(v, 0.7), (12,))
        squares = average("square", v * v, (30, 90))
        hard = max(e[1] - 3, 0.0)
        efforts, standings, hards, highest = efforts + effort, standings + standing, hards + hard, max(highest, e[1])
        climbed, descended, time = climbed + up, descended + down, STEP * t
        d = {seconds: math.exp(-time / seconds) for seconds in (30, 60, 200, 600, 1800)}
        rows.append(
            [
                1.0,
                *e,
                *s,
                *average("up", up, (3, 12, 30, 90)),
                *average("down", down, (3, 12, 30, 90)),
                *average("standing", standing, (3, 12, 60)),
                *average("walking", min(v, 2.0), (3, 12)),
                clip(slope, -0.5, 0.5),
                abs(clip(slope, -0.5, 0.5)),
                math.sqrt(max(squares[0] - s[2] ** 2, 0.0)),
                math.sqrt(max(squares[1] - s[3] ** 2, 0.0)),
                efforts / (t + 1),
                highest,
                standings / (t + 1),
                hard,
                hards * STEP / 3600,
                climbed * STEP / 500,
                descended * STEP / 500,
                time / 3600,
                math.log1p(time / 60),
                *d.values(),
                e[2] * time / 3600,
                e[1] * d[60],
                e[2] * d[200],
                e[1] * d[600],
                s[1] * time / 3600,
                e[2] ** 2,
                s[1] ** 2,
            ]
        )
    return rows


def calendar(start):
    day, year = 2 * math.pi * (start / DAY % 1), 2 * math.pi * (start / DAY / 365.25 % 1)
    return [math.sin(day), math.cos(day), math.sin(2 * day), math.cos(2 * day), math.sin(year), math.cos(year)]


def facts(rows):
    kilometres = sum(row[SPEED] for row in rows) * STEP / 1000
    climb = math.log1p(500 * rows[-1][CLIMBED] / (kilometres + 0.1))
    return [math.log(len(rows)), climb, deviation([row[EFFORT] for row in rows])]


def usual_effort(rows):
    """What a run tells of how hard the person usually runs."""
    return clip(mean([row[EFFORT] for row in rows]), 1.0, 5.0)


def places(row):
    """The bins of a step."""
    values = row[EFFORT], row[UP] - row[DOWN], 60 * row[HOURS]
    return [bisect_left(edges, value) for edges, value in zip(BINS, values, strict=True)]


def solve(matrix, right):
    """X of matrix X = right, by elimination with pivots."""
    size = len(matrix)
    rows = [[*one, *two] for one, two in zip(matrix, right, strict=True)]
    for i in range(size):
        best = max(range(i, size), key=lambda k: abs(rows[k][i]))
        rows[i], rows[best] = rows[best], rows[i]
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for k in range(size):
            if k != i and rows[k][i]:
                factor = rows[k][i]
                rows[k] = [a - factor * b for a, b in zip(rows[k], rows[i], strict=True)]
    return [row[size:] for row in rows]


class Athlete:
    """The state; `population` is the one of the export's JSON."""

    def __init__(self, population):
        self.population, self.states = population, len(population["weights"])
        prior = [*self.spread(population["prior"]), *population["person_prior"]]
        size, differences = len(prior), population["differences"]
        self.weights = [[*population["weights"], *population["person"]] for _ in PACES]
        apart = [[sum(each[i] * each[k] for each in differences) for k in range(size)] for i in range(size)]
        self.covariance = [[[apart[i][k] + prior[i] * (i == k) for k in range(size)] for i in range(size)] for _ in PACES]
        most = max(map(len, BINS)) + 1
        self.residuals = [[[[0.0] * most for _ in MEMORIES] for _ in BINS] for _ in range(2)]
        self.starts, self.ends, self.records, self.count = [], [], [], 0

    def spread(self, three):
        intercept, efforts, others = three
        return [intercept] + [efforts] * 47 + [others] * (self.states - 48)

    def features(self, start, rows):
        common = calendar(start) + facts(rows)
        centre, scale = self.population["centre"], self.population["scale"]
        return [[(x - c) / s for x, c, s in zip([*row, *common], centre, scale, strict=True)] for row in rows]

    def drift(self, start):
        if not self.starts:
            return [0.0] * self.states
        days = min(max(start - self.starts[-1], 0.0) / DAY, self.population["longest"])
        return [days * each for each in self.spread(self.population["drift"])]

    def predict(self, start, speed, altitude):
        """expected (steps x 10), course (8), course_share (3) and history (67; None where not known)."""
        rows = basis(speed, altitude)
        features, drift = self.features(start, rows), self.drift(start)
        known, states = self.states - COURSE, self.states
        weights, covariance = self.observed(0, usual_effort(rows))
        usual = [mean(column) for column in zip(*features, strict=True)]
        told = dot(usual, weights[:states]) - dot(usual, self.weights[0][:states])  # by how hard the run is
        share = [dot(weights[known:states], features[0][known:]) for weights in self.weights]
        expected = []
        for row, feature in zip(rows, features, strict=True):
            said = [dot(weights[:states], feature) for weights in self.weights]
            variance = self.population["level"]
            for i in range(known):
                variance += feature[i] * (dot(covariance[i][:known], feature[:known]) + drift[i] * feature[i])
            remembered = [
                self.residuals[0][kind][memory][place] / (self.residuals[1][kind][memory][place] + 30)
                for kind, place in enumerate(places(row))
                for memory in range(len(MEMORIES))
            ]
            spread = math.sqrt(max(variance, 1.0))
            possible = clip(said[0] - share[0], 30.0, 230.0) + share[0] + told
            expected.append([possible, said[1] - said[0], said[2] - said[0], spread, *remembered])
        _, climb, varied = facts(rows)
        efforts = mean([row[EFFORT] for row in rows])
        last, seconds = rows[-1], STEP * len(rows)
        course = [seconds, climb, varied, efforts, mean([row[SPEED] for row in rows]), last[MEAN], last[HIGHEST], last[STANDING]]
        return {
            "expected": expected,
            "course": course,
            "course_share": [share[0] + told, share[1] - share[0], share[2] - share[0]],
            "history": self.history(start, [efforts, climb, math.log(seconds / 60)]),
        }

    def update(self, start, speed, altitude, heart_rate):
        """Learns from a run that is over; heart rate in beats/min, None where it was not measured."""
        rows = basis(speed, altitude)
        features, drift = self.features(start, rows), self.drift(start)
        expected = [row[0] for row in self.predict(start, speed, altitude)["expected"]]
        for pace, factor in enumerate(PACES):
            for i, each in enumerate(drift):
                self.covariance[pace][i][i] += factor * each
            self.weights[pace], self.covariance[pace] = self.observed(pace, usual_effort(rows))
        steps = [t for t, value in enumerate(heart_rate) if value is not None]
        if steps:
            self.correct([features[t] for t in steps], [heart_rate[t] for t in steps])
            self.remember([rows[t] for t in steps], [heart_rate[t] - expected[t] for t in steps])
        self.records = [*self.records, record(rows, heart_rate, expected)][-KEPT:]
        self.starts = [*self.starts, start][-KEPT:]
        self.ends = [*self.ends, start + STEP * len(rows)][-KEPT:]
        self.count += 1

    def observed(self, pace, effort):
        """Weights and covariance of a filter, given the mean effort of a run; the person's usual effort follows the weights."""
        weights, covariance, place = self.weights[pace], self.covariance[pace], self.states
        variance = covariance[place][place] + self.population["effort_noise"]
        gain = [row[place] / variance for row in covariance]
        changed = [
            [value - one * other for value, other in zip(row, covariance[place], strict=True)]
            for row, one in zip(covariance, gain, strict=True)
        ]
        return [value + each * (effort - weights[place]) for value, each in zip(weights, gain, strict=True)], changed

    def correct(self, features, heart_rate):
        features = [[*feature, 0.0, 0.0] for feature in features]  # usual effort and highest heart rate are no part of it
        population, size, n = self.population, len(self.weights[0]), len(features)
        total = [sum(column) for column in zip(*features, strict=True)]
        gram = [[0.0] * size for _ in range(size)]
        for feature in features:
            for row, value in zip(gram, feature, strict=True):
                for k, other in enumerate(feature):
                    row[k] += value * other
        for pace in range(len(PACES)):
            weights, covariance = self.weights[pace], self.covariance[pace]
            residual = [value - dot(feature, weights) for value, feature in zip(heart_rate, features, strict=True)]
            centre = [value / n for value in total]
            variance = dot(centre, [dot(row, centre) for row in covariance])
            variance += population["level"] + population["noise"] / n
            more = max(1.0, mean(residual) ** 2 / variance / population["surprise"])
            level, noise = population["level"] * more, population["noise"] * more
            shared = level / (noise + n * level)
            moment = [
                (dot([feature[i] for feature in features], residual) - shared * total[i] * sum(residual)) / noise
                for i in range(size)
            ]
            information = [[(gram[i][k] - shared * total[i] * total[k]) / noise for k in range(size)] for i in range(size)]
            columns = list(zip(*information, strict=True))
            matrix = [[dot(row, column) for column in columns] for row in covariance]
            for i in range(size):
                matrix[i][i] += 1
            solved = solve(matrix, covariance)
            self.covariance[pace] = [[(solved[i][k] + solved[k][i]) / 2 for k in range(size)] for i in range(size)]
            change = [dot(row, moment) for row in self.covariance[pace]]
            self.weights[pace] = [weight + each for weight, each in zip(weights, change, strict=True)]

    def remember(self, rows, residual):
        centre = mean(residual)
        for part in self.residuals:
            for kind in part:
                for memory, bins in zip(MEMORIES, kind, strict=True):
                    bins[:] = [value * math.exp(-1 / memory) for value in bins]
        for row, value in zip(rows, residual, strict=True):
            for kind, place in enumerate(places(row)):
                for memory in range(len(MEMORIES)):
                    self.residuals[0][kind][memory][place] += value - centre
                    self.residuals[1][kind][memory][place] += 1

    def history(self, start, like):
        nothing = [None] * (len(record_names()) * 4 + 4)
        if not self.starts:
            return [*calendar(start), *nothing, 0.0, 0.0, 0.0, None, math.log1p(self.count)]
        found, ages = [], [len(self.starts) - 1 - i for i in range(len(self.starts))]
        for span in (1.0, 4.0, 12.0, 40.0):
            weights = [math.exp(-age / span) for age in ages]
            for column in zip(*self.records, strict=True):
                pairs = [(w, x) for w, x in zip(weights, column, strict=True) if x is not None]
                total = sum(w for w, _ in pairs)
                found.append(sum(w * x for w, x in pairs) / total if total > 1e-3 else None)
        days = [max(start - each, 0.0) / DAY for each in self.starts]
        apart = [
            [around(each, 1.0) * 24 / 1.5 for each in days],
            [around(each, 365.25) / 30 for each in days],
            [
                math.sqrt(
                    sum((((row[k] or 0.0) - x) / s) ** 2 for k, x, s in zip((9, 10, 11), like, (0.35, 0.5, 0.4), strict=True))
                )
                for row in self.records
            ],
        ]
        for distances, runs in zip(apart, (30.0, 60.0, 60.0), strict=True):
            near = [math.exp(-0.5 * far**2 - age / runs) for far, age in zip(distances, ages, strict=True)]
            pairs = [(w, row[RESIDUAL]) for w, row in zip(near, self.records, strict=True) if row[RESIDUAL] is not None]
            found.append(sum(w * x for w, x in pairs) / (sum(w for w, _ in pairs) + 1))
        recent = [row[RESIDUAL] for row in self.records if row[RESIDUAL] is not None][-20:]
        found.append(deviation(recent) if len(recent) > 2 else None)
        hours = [(end - begin) / 3600 for begin, end in zip(self.starts, self.ends, strict=True)]
        found += [sum(math.exp(-day / load) * hour for day, hour in zip(days, hours, strict=True)) for load in (2, 7, 28)]
        return [*calendar(start), *found, math.log1p(days[-1]), math.log1p(self.count)]


def around(days, period):
    """How far days are from a whole number of periods."""
    return abs((days + period / 2) % period - period / 2)


def record_names():
    names = "mean_heart_rate heart_rate_spread first_minutes highest_heart_rate miss miss_early miss_late miss_easy miss_hard"
    return [*names.split(), "mean_effort", "climb_per_km", "log_minutes", "measured"]


def record(rows, heart_rate, expected):
    """What a run was like, as named by `record_names`."""
    efforts = [row[EFFORT] for row in rows]
    usual = mean(efforts)
    steps = [t for t, value in enumerate(heart_rate) if value is not None]
    residual = {t: heart_rate[t] - expected[t] for t in steps}

    def of(values, chosen=lambda t: True, what=mean):
        some = [values[t] for t in steps if chosen(t)]
        return what(some) if len(some) > 2 else None

    def high(values):
        values, place = sorted(values), 0.95 * (len(values) - 1)
        below = math.floor(place)
        return values[below] + (place - below) * (values[min(below + 1, len(values) - 1)] - values[below])

    return [
        of(heart_rate),
        of(heart_rate, what=deviation),
        of(heart_rate, lambda t: STEP * t < 180),
        of(heart_rate, what=high),
        of(residual),
        of(residual, lambda t: STEP * t < 300),
        of(residual, lambda t: STEP * t > 3600),
        of(residual, lambda t: efforts[t] <= usual),
        of(residual, lambda t: efforts[t] > usual),
        usual,
        facts(rows)[1],
        math.log(len(rows) * STEP / 60),
        len(steps) / len(rows),
    ]
