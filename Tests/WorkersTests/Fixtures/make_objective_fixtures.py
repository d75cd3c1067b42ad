"""Writes objective_fixtures.json: every loss, its gradient, GAE and the normalisations, in float64.

Run with a Python that has torch and numpy, from anywhere. Losses are written as one expression over whole tensors and
differentiated by autograd; advantages and normalisations are NumPy sums written from their definitions. Inputs are
rounded to float32 first, so both sides start from the same numbers.
"""

import json
import math
import pathlib

import numpy
import torch

torch.set_default_dtype(torch.float64)


def single(values):
    """float64 numbers that a float32 can hold."""
    return numpy.asarray(values, dtype=numpy.float32).astype(numpy.float64)


def leaf(values):
    return torch.tensor(numpy.array(values), requires_grad=True)


def numbers(values):
    if isinstance(values, torch.Tensor):
        values = values.detach().numpy()
    return [float(f"{v:.9g}") for v in numpy.asarray(values, dtype=numpy.float64).reshape(-1)]


def nested(rows):
    return [numbers(row) for row in rows]


def flags(values):
    return [int(v) for v in values]


def lengths_and_mask(rng, sequences):
    """Token counts, prompt masks (some with an empty answer) and the masks of predicted tokens."""
    lengths = [int(rng.integers(1, 9)) for _ in range(sequences)]
    prompts = []
    for length in lengths:
        prompt = int(rng.integers(1, length + 1))
        prompts.append([1] * prompt + [0] * (length - prompt))
    masks = [[p == 0 for p in prompt[1:]] for prompt in prompts]
    return lengths, prompts, masks


def log_probabilities(rng, count, extreme):
    values = -rng.exponential(1.5, count)
    if extreme and count:
        values[rng.integers(0, count)] -= 40
    return single(values)


def supervised(rng):
    lengths, _, masks = lengths_and_mask(rng, 5)
    mask = numpy.concatenate([numpy.array(m, dtype=bool) for m in masks])
    values = log_probabilities(rng, mask.size, False)
    p = leaf(values)
    loss = -(p * torch.tensor(mask)).sum() / max(1, mask.sum())
    loss.backward()
    perplexities, start = [], 0
    for m in masks:
        m = numpy.array(m, dtype=bool)
        rows = values[start:start + m.size]
        start += m.size
        perplexities.append(math.exp(-rows[m].mean()) if m.any() else -1)
    return dict(lengths=[len(m) for m in masks], mask=flags(mask), logps=numbers(values), loss=loss.item(),
                gradient=numbers(p.grad), perplexities=numbers(perplexities))


def paired(rng):
    pairs = [int(rng.integers(1, 4)) for _ in range(3)]
    scores = single(rng.normal(0, 3, 2 * sum(pairs)))
    scores[0] += 60
    scores[-1] += 60
    scores = single(scores)
    s = leaf(scores)
    share = torch.tensor(numpy.concatenate([numpy.full(n, 1 / n) for n in pairs]))
    loss = -(torch.nn.functional.logsigmoid(s[0::2] - s[1::2]) * share).sum()
    loss.backward()
    return dict(pairs=pairs, scores=numbers(scores), loss=loss.item(), gradient=numbers(s.grad),
                accuracy=float((scores[0::2] > scores[1::2]).mean()))


def preference(rng):
    beta = 0.1
    lengths, _, masks = lengths_and_mask(rng, 8)
    policy = [log_probabilities(rng, n - 1, True) for n in lengths]
    reference = [log_probabilities(rng, n - 1, True) for n in lengths]
    p = [leaf(row) for row in policy]
    pi = torch.stack([(row * torch.tensor(m)).sum() if len(m) else torch.zeros(()) for row, m in zip(p, masks)])
    rho = torch.tensor([float(sum(v for v, on in zip(row, m) if on)) for row, m in zip(reference, masks)])
    z = beta * ((pi[0::2] - pi[1::2]) - (rho[0::2] - rho[1::2]))
    loss = -torch.nn.functional.logsigmoid(z).mean()
    loss.backward()
    gain = (pi - rho).detach()
    return dict(beta=beta, masks=[flags(m) for m in masks], policy=nested(policy), reference=nested(reference),
                loss=loss.item(), gradient=nested(row.grad if row.grad is not None else [] for row in p),
                posScore=float(beta * gain[0::2].sum()), negScore=float(beta * gain[1::2].sum()),
                kl=float(-gain.sum()))


def policy(rng, extreme, dual, decoupled, cap, reference_weight):
    lengths, _, masks = lengths_and_mask(rng, 7)
    mask = numpy.concatenate([numpy.array(m, dtype=bool) for m in masks])
    n = mask.size
    old = log_probabilities(rng, n, False)
    new = single(old + rng.normal(0, 0.4, n))
    proximal = single(old + rng.normal(0, 0.3, n))
    reference = single(new + rng.normal(0, 0.7, n))
    advantages = single(rng.normal(0, 1.5, n))
    on = numpy.flatnonzero(mask)
    if extreme and on.size >= 2:  # far to both sides, where the clip or the dual clip must hold
        new[on[0]], advantages[on[0]] = single(old[on[0]] + 100), abs(advantages[on[0]])
        new[on[1]], advantages[on[1]] = single(old[on[1]] - 100), -abs(advantages[on[1]])
        reference[on[:2]] = single(new[on[:2]] + 0.5)
    if on.size >= 3 and dual is not None:
        new[on[2]], advantages[on[2]] = single(old[on[2]] + 3), -abs(advantages[on[2]])
    eps = 0.2
    x, m = leaf(new), torch.tensor(mask)
    o, a, r = torch.tensor(old), torch.tensor(advantages), torch.tensor(reference)
    d = torch.tensor(proximal) if decoupled else o
    ratio = torch.exp(x - d)
    surrogate = torch.maximum(-a * ratio, -a * torch.clamp(ratio, 1 - eps, 1 + eps))
    clipped = (-a * ratio < -a * torch.clamp(ratio, 1 - eps, 1 + eps)) & m
    dual_clipped = torch.zeros_like(m)
    if dual is not None:
        bound = torch.sign(a) * dual * a
        dual_clipped = (bound < surrogate) & m
        surrogate = torch.minimum(surrogate, bound)
    result = dict(mask=flags(mask), new=None, old=numbers(old), advantages=numbers(advantages), clip=eps)
    if decoupled:
        w = torch.exp(d - o)
        within = m if cap is None else m & (w <= cap)
        surrogate = surrogate * torch.where(within, w, torch.zeros_like(w))
        result |= dict(proximal=numbers(proximal), behaviourWeight=float(torch.where(within, w, 0 * w).sum()),
                       withinCap=int(within.sum()))
        if cap is not None:
            result["cap"] = cap
    if dual is not None:
        result["dual"] = dual
    count = max(1, int(mask.sum()))
    total = torch.where(m, surrogate, 0 * surrogate).sum() / count
    statistics = dict(actorLoss=total.item(), ratio=(torch.where(m, ratio, 0 * ratio).sum() / count).item(),
                      moved=(torch.where(m, x - d, 0 * x).sum() / count).item(),
                      clipped=int(clipped.sum()), dualClipped=int(dual_clipped.sum()))
    if reference_weight:
        k3 = torch.exp(r - x) - (r - x) - 1
        divergence = torch.where(m, k3, 0 * k3).sum() / count
        total = total + reference_weight * divergence
        result |= dict(reference=numbers(reference), referenceWeight=reference_weight)
        statistics["divergence"] = divergence.item()
    total.backward()
    return result | dict(new=numbers(new), loss=total.item(), gradient=numbers(x.grad), statistics=statistics)


def value(rng, huber):
    lengths, _, masks = lengths_and_mask(rng, 6)
    mask = numpy.concatenate([numpy.array(m, dtype=bool) for m in masks])
    old = single(rng.normal(0, 1, mask.size))
    new = single(old + rng.normal(0, 0.4, mask.size))
    returns = single(old + rng.normal(0, 8 if huber else 1, mask.size))
    clip = 0.2
    v, o, r, m = leaf(new), torch.tensor(old), torch.tensor(returns), torch.tensor(mask)

    def penalty(x):
        if huber:
            return torch.nn.functional.huber_loss(x, r, reduction="none", delta=10.0)
        return 0.5 * (x - r) ** 2

    plain, bounded = penalty(v), penalty(o + torch.clamp(v - o, -clip, clip))
    # The larger one where they differ; within the interval they are one and its slope is the plain one's.
    takes_bound = (bounded > plain) & ((v - o).abs() > clip)
    per_token = torch.where(takes_bound, bounded, plain)
    loss = torch.where(m, per_token, 0 * per_token).sum() / max(1, int(mask.sum()))
    loss.backward()
    return dict(huber=int(huber), clip=clip, mask=flags(mask), values=numbers(new), old=numbers(old),
                returns=numbers(returns), loss=loss.item(), gradient=numbers(v.grad),
                clipped=int((takes_bound & m).sum()))


def discounted_sums(rewards, values, bootstrap, gamma, lam):
    """A_t as the explicit double sum of the definition, not by recursion."""
    n = len(rewards)
    following = list(values[1:n]) + [values[n] if bootstrap else 0.0] if n else []
    delta = [rewards[t] + gamma * following[t] - values[t] for t in range(n)]
    return [sum((gamma * lam) ** (k - t) * delta[k] for k in range(t, n)) for t in range(n)]


def rollout(rng, options):
    group_sizes = [int(rng.integers(1, 5)) for _ in range(3)]
    count = sum(group_sizes)
    lengths, prompts, masks = lengths_and_mask(rng, count)
    unfinished = [bool(rng.integers(0, 2)) for _ in range(count)]
    old = [log_probabilities(rng, n - 1, True) for n in lengths]
    reference = [log_probabilities(rng, n - 1, False) for n in lengths]
    values = [single(rng.normal(0, 1, n)) for n in lengths] if options["critic"] else [numpy.zeros(n) for n in lengths]
    limit = options["limit"]
    scores = [single(rng.normal(0, limit, n)) for n in lengths]
    out = dict(masks=[], kl=[], rewards=[], returns=[])
    raw = []
    for i, n in enumerate(lengths):
        mask = numpy.array(masks[i], dtype=bool)
        if options["maskTooLong"] and unfinished[i]:
            mask = mask & False
        kl = numpy.where(mask, -options["kl"] * (old[i] - reference[i]), 0.0)
        total = kl.copy()
        if n > 1:
            if options["scores"] == "final":
                score = float(numpy.clip(scores[i][0], -limit, limit))
                if unfinished[i] and options["zeroUnfinished"]:
                    score = 0.0
                total[-1] += score
            else:
                dense = numpy.clip(scores[i], -limit, limit)
                total += numpy.diff(dense) if options["scores"] == "difference" else dense[1:]
        advantages = discounted_sums(single(total), values[i], unfinished[i], options["gamma"], options["lambda"])
        out["masks"].append(flags(mask))
        out["kl"].append(numbers(kl))
        out["rewards"].append(numbers(total))
        out["returns"].append(numbers(numpy.array(advantages) + values[i][:n - 1]))
        raw.append(numpy.array(advantages))
    out["advantages"] = nested(normalized(raw, [numpy.array(m, dtype=bool) for m in out["masks"]], group_sizes,
                                          options["normalization"]))
    return dict(options=options, groupSizes=group_sizes, prompts=prompts, unfinished=flags(unfinished),
                old=nested(old), reference=nested(reference), values=nested(values), scores=nested(scores),
                expected=out)


def normalized(rows, masks, group_sizes, scope):
    if scope == "none":
        return [numpy.where(m, row, 0.0) for row, m in zip(rows, masks)]
    owners = numpy.repeat(numpy.arange(len(group_sizes)), group_sizes) if scope == "group" else numpy.zeros(len(rows))
    result = []
    for row, mask, owner in zip(rows, masks, owners):
        peers = numpy.concatenate([r[m] for r, m, o in zip(rows, masks, owners) if o == owner])
        if peers.size == 0 or numpy.ptp(peers) == 0:
            result.append(numpy.zeros(row.size))
        else:
            result.append(numpy.where(mask, (row - peers.mean()) / (peers.std() + 1e-5), 0.0))
    return result


def value_normalizer(rng, beta):
    mean = square = one = 0.0
    epsilon, batches = 1e-5, []
    for scale in (0.01, 2.0, 30.0, 5.0):
        returns = single(rng.normal(scale, scale, int(rng.integers(1, 12))))
        mask = rng.integers(0, 2, returns.size).astype(bool)
        if mask.any():
            mean = beta * mean + (1 - beta) * returns[mask].mean()
            square = beta * square + (1 - beta) * (returns[mask] ** 2).mean()
            one = beta * one + (1 - beta)
        m = mean / max(one, epsilon)
        s = math.sqrt(max(square / max(one, epsilon) - m * m, 1e-2))
        probe = single([-100, -1, 0, 0.5, 3, 250])
        batches.append(dict(returns=numbers(returns), mask=flags(mask), mean=m, deviation=s, probe=numbers(probe),
                            normalized=numbers(numpy.clip((probe - m) / s, -5, 5)),
                            denormalized=numbers(probe * s + m)))
    return dict(beta=beta, batches=batches)


def kl_controller(rng):
    value, target, horizon, steps = 0.1, 6.0, 100.0, []
    for _ in range(8):
        divergence, n = float(single(rng.normal(6, 3))), int(rng.integers(1, 20))
        value *= 1 + float(numpy.clip(divergence / target - 1, -0.2, 0.2)) * n / horizon
        steps.append([divergence, n, value])
    return dict(start=0.1, target=target, horizon=horizon, steps=steps)


def group_advantages(rng):
    groups = [single(rng.integers(0, 3, int(rng.integers(1, 6)))) for _ in range(6)]
    expected = [numpy.zeros(g.size) if numpy.ptp(g) == 0 else (g - g.mean()) / (g.std() + 1e-5) for g in groups]
    return dict(groups=nested(groups), expected=nested(expected))


def reduction(rng):
    """Micro-batches of a supervised batch: the gradient of either mean, by autograd over the whole."""
    counts = [int(rng.integers(1, 6)) for _ in range(4)]
    p = [leaf(log_probabilities(rng, n, False)) for n in counts]
    means = [-row.mean() for row in p]
    weighted = sum(m * n for m, n in zip(means, counts)) / sum(counts)
    of_means = sum(means) / len(means)
    result = dict(counts=counts, logps=[numbers(row) for row in p])
    for name, loss in (("tokenWeighted", weighted), ("meanOfMeans", of_means)):
        gradients = torch.autograd.grad(loss, p, retain_graph=True)
        result[name] = dict(loss=loss.item(), gradient=nested(gradients))
    return result


def rollout_options(seed):
    base = dict(critic=1, kl=0.1, limit=5.0, maskTooLong=0, zeroUnfinished=0, scores="final", gamma=1.0,
                normalization="batch") | {"lambda": 1.0}
    variants = [
        {},
        {"lambda": 0.95, "gamma": 0.99, "zeroUnfinished": 1},
        {"critic": 0, "kl": 0.0, "normalization": "group"},
        {"critic": 0, "gamma": 0.99, "normalization": "none"},
        {"maskTooLong": 1, "lambda": 0.9, "normalization": "group"},
        {"scores": "difference", "lambda": 0.5},
        {"scores": "value", "gamma": 0.0, "normalization": "none"},
    ]
    return base | variants[seed % len(variants)]


def main():
    def make(seed, function, *arguments):
        return function(numpy.random.default_rng(seed), *arguments)

    policies = [(None, False, None, 0.0), (3.0, False, None, 0.0), (3.0, True, None, 0.0), (1.5, True, 1.2, 0.0),
                (None, True, 0.9, 0.0), (None, False, None, 0.04), (2.0, False, None, 0.5)]
    fixtures = dict(
        supervised=[make(s, supervised) for s in range(4)],
        paired=[make(s, paired) for s in range(4)],
        preference=[make(s, preference) for s in range(4)],
        policy=[make(100 + s, policy, s % 2 == 1, *policies[s % len(policies)]) for s in range(21)],
        value=[make(200 + s, value, s % 2 == 1) for s in range(8)],
        rollout=[make(300 + s, rollout, rollout_options(s)) for s in range(21)],
        valueNormalizer=[make(s, value_normalizer, beta) for s, beta in enumerate((0.99995, 0.9, 0.5))],
        klController=[make(s, kl_controller) for s in range(2)],
        groupAdvantages=[make(s, group_advantages) for s in range(4)],
        reduction=[make(s, reduction) for s in range(3)],
    )
    path = pathlib.Path(__file__).with_name("objective_fixtures.json")
    path.write_text(json.dumps(fixtures, separators=(",", ":")) + "\n")
    print(path.stat().st_size, "bytes")


main()
