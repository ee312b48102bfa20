"""The encoder as torch trains it: BERT's layers (Devlin et al. 2019), and the mean of a stretch's pieces judged."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

HIDDEN, FILTER, HEADS = 384, 1536, 12
LONGEST = 96
"""Pieces with begin and end: nlp.encoder reads as many at once."""
_LAST_DROPOUT = 0.1


class Layer(nn.Module):
    """Attention and filter, each added to what came in and normalised."""

    def __init__(self, weights: dict[str, np.ndarray], number: int, dropout: float) -> None:
        super().__init__()
        self.dropout = dropout
        shapes = {"q": (HIDDEN, HIDDEN), "k": (HIDDEN, HIDDEN), "v": (HIDDEN, HIDDEN), "ao": (HIDDEN, HIDDEN),
                  "fi": (HIDDEN, FILTER), "fo": (FILTER, HIDDEN)}  # fmt: skip
        for name, shape in shapes.items():
            setattr(self, name, nn.Linear(*shape))
        self.aln, self.oln = nn.LayerNorm(HIDDEN, 1e-12), nn.LayerNorm(HIDDEN, 1e-12)
        for name in (*shapes, "aln", "oln"):
            part = getattr(self, name)
            part.weight.data = torch.tensor(weights[f"l{number}.{name}.w"])
            part.bias.data = torch.tensor(weights[f"l{number}.{name}.b"])

    def forward(self, x: Tensor, hidden_from: Tensor) -> Tensor:
        texts, length, _ = x.shape

        def heads(part: Tensor) -> Tensor:
            return part.view(texts, length, HEADS, HIDDEN // HEADS).transpose(1, 2)

        near = heads(self.q(x)) @ heads(self.k(x)).transpose(-1, -2) / (HIDDEN // HEADS) ** 0.5
        value = heads(self.v(x))
        seen = near.float().masked_fill(hidden_from, -1e9).softmax(-1).to(value.dtype) @ value
        joined = self.ao(seen.transpose(1, 2).reshape(texts, length, HIDDEN))
        x = self.aln(x + functional.dropout(joined, self.dropout, self.training))
        filtered = self.fo(functional.gelu(self.fi(x)))
        return self.oln(x + functional.dropout(filtered, self.dropout, self.training))


class Encoder(nn.Module):
    """Words and places stay as the base model knows them: what it knows of words that no set holds is not forgotten."""

    def __init__(
        self, weights: dict[str, np.ndarray], kept: Sequence[int], layers: int, labels: int, dropout: float
    ) -> None:
        super().__init__()
        self.dropout = dropout
        self.words = nn.Embedding.from_pretrained(torch.tensor(weights["emb.word"][list(kept)]), freeze=True)
        self.register_buffer("places", torch.tensor(weights["emb.pos"][:LONGEST]))
        self.normal = nn.LayerNorm(HIDDEN, 1e-12)
        self.normal.weight.data = torch.tensor(weights["emb.ln.w"])
        self.normal.bias.data = torch.tensor(weights["emb.ln.b"])
        self.layers = nn.ModuleList([Layer(weights, number, dropout) for number in range(layers)])
        self.out = nn.Linear(HIDDEN, labels)
        self.out.weight.data.normal_(0, 0.02)
        self.out.bias.data.zero_()

    def forward(self, numbers: Tensor, there: Tensor, pool: Tensor) -> Tensor:
        """numbers, there: (texts, pieces). pool: (texts, stretches, pieces), rows of sum 1: their log odds."""
        x = self.normal(self.words(numbers) + self.places[: numbers.shape[1]])
        x = functional.dropout(x, self.dropout, self.training)
        hidden_from = ~there[:, None, None, :]
        for layer in self.layers:
            x = layer(x, hidden_from)
        return self.out(functional.dropout(pool @ x.float(), _LAST_DROPOUT, self.training))
