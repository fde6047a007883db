r"""What a token costs in training and in inference, by the size of the model.

A dense model of N parameters costs 6 N FLOPs per token of training and 2 N per token of inference. Of a mixture of
experts a token passes through a part only: N must not be all parameters there, and a router costs more the more
experts it chooses from [1]_:

.. math:: F / D = (12\, d^2 c_f + d\, E\, G\, c_r)\, n, \qquad N = (8 E + 4)\, d^2 n, \qquad d = 64\, n,

with width d, n blocks, expansion E, granularity G, and FLOPs per token and parameter c_f of the network and c_r of the
router.

References
----------
.. [1] Krajewski et al. (2024), Scaling Laws for Fine-Grained Mixture of Experts, arXiv:2402.07871, equation 10,
   section 6.1 and appendix E.
.. [2] Ludziejewski et al. (2025), Joint MoE Scaling Laws, arXiv:2502.05172, appendix A.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np


class Spending(Protocol):
    """FLOPs per token and kinds of parameters, of sizes as the law counts them; complex ones, too."""

    @property
    def sparse(self) -> bool:
        """Whether a token passes through a part of the parameters only."""

    def train(self, params: Any) -> Any:
        """FLOPs of training per token."""

    def inference(self, params: Any) -> Any:
        """FLOPs per token that is read or written."""

    def active(self, params: Any) -> Any:
        """Parameters that one token passes through."""

    def total(self, params: Any) -> Any:
        """All parameters."""


@dataclass(frozen=True)
class Share:
    """A share of the parameters is active: all of them in a dense model.

    Parameters
    ----------
    share : float
        Of all parameters.
    counts_active : bool
        The law's N is the active parameters, not all of them.

    Examples
    --------
    >>> Share().train(7e9), Share(0.25).train(8e9), Share(0.25, counts_active=True).train(2e9)
    (42000000000.0, 12000000000.0, 12000000000.0)
    """

    share: float = 1.0
    counts_active: bool = False

    @property
    def sparse(self) -> bool:
        """Whether less than everything is active."""
        return self.share < 1

    def train(self, params: Any) -> Any:
        """FLOPs of training per token: 6 for every active parameter."""
        return 6 * self.active(params)

    def inference(self, params: Any) -> Any:
        """FLOPs of inference per token: 2 for every active parameter."""
        return 2 * self.active(params)

    def active(self, params: Any) -> Any:
        """Parameters that one token passes through."""
        return params if self.counts_active else self.share * params

    def total(self, params: Any) -> Any:
        """All parameters."""
        return self.active(params) / self.share


#: Every parameter works on every token.
DENSE = Share()


@dataclass(frozen=True)
class FineGrained:
    """Mixtures of fine-grained experts with a router that costs FLOPs [1]_; N counts all parameters but embeddings.

    Parameters
    ----------
    expansion : float
        Parameters of an expert layer over those of a dense one, E.
    granularity : float
        Width of a dense feed-forward layer over that of an expert, G.
    network, router : (float, float)
        FLOPs per token and parameter in training, and in the forward pass.
    aspect : float
        Width over blocks.

    Examples
    --------
    Table 2 of [1]_: 64 x 1B parameters on 28.94 billion tokens take 1.93e20 FLOPs.

    >>> model = FineGrained(64, 16, (6, 2), (14, 6), 64)
    >>> f"{model.train(1e9 * 516 / 12) * 28.94e9:.3g}"
    '1.93e+20'
    """

    expansion: float
    granularity: float
    network: tuple[float, float]
    router: tuple[float, float]
    aspect: float

    @property
    def sparse(self) -> bool:
        """Always."""
        return True

    def train(self, params: Any) -> Any:
        """FLOPs of training per token, those of the router included."""
        return self._per_token(params, self.network[0], self.router[0])

    def inference(self, params: Any) -> Any:
        """FLOPs of the forward pass per token, those of the router included."""
        return self._per_token(params, self.network[1], self.router[1])

    def active(self, params: Any) -> Any:
        """Parameters that one token passes through, without the router: as in a dense model of the same width."""
        return params * 12 / (8 * self.expansion + 4)

    def total(self, params: Any) -> Any:
        """All parameters but embeddings and routers."""
        return params

    def _per_token(self, params: Any, network: float, router: float) -> Any:
        width = (self.aspect * params / (8 * self.expansion + 4)) ** (1 / 3)
        blocks = width / self.aspect
        return (12 * width**2 * network + width * self.expansion * self.granularity * router) * blocks


@dataclass(frozen=True)
class Switch:
    """Mixtures of which one expert works at a time [2]_; N counts active parameters, embeddings included.

    Parameters
    ----------
    experts : float
        Per layer, E.
    vocabulary : float
        Tokens with an embedding each, on both sides.
    aspect : float
        Width over blocks.

    Examples
    --------
    The models of appendix E of [2]_: of 5.0B parameters in 32 experts of width 1024, 321M are active.

    >>> f"{Switch(32, 50257, 64).total(321e6):.2g}"
    '5e+09'
    """

    experts: float
    vocabulary: float
    aspect: float

    @property
    def sparse(self) -> bool:
        """Whether there is more than one expert."""
        return self.experts > 1

    def train(self, params: Any) -> Any:
        """FLOPs of training per token: 6 for every active parameter; what a router costs is left out."""
        return 6 * params

    def inference(self, params: Any) -> Any:
        """FLOPs of inference per token: 2 for every active parameter."""
        return 2 * params

    def active(self, params: Any) -> Any:
        """Parameters that one token passes through."""
        return params

    def total(self, params: float) -> float:
        """All parameters: 9 E d^2 instead of 9 d^2 in the feed-forward layers of a block."""
        return params + 9 * (self.experts - 1) * self._width(params) ** 3 / self.aspect

    def _width(self, params: float) -> float:
        """Width d of N = 2 d V + 13 n d^2 with n = d / aspect: the only real root of a rising cubic."""
        roots = np.roots([13 / self.aspect, 0.0, 2 * self.vocabulary, -params])
        return float(roots[np.abs(roots.imag).argmin()].real)
