"""What a planner must know of a model: its dimensions, and how many weights they make."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "FULL_PRECISION",
    "Attention",
    "Experts",
    "LatentAttention",
    "ModelShape",
    "Quantization",
]


@dataclass(frozen=True, slots=True)
class Attention:
    """The attention layers of a model.

    Attributes:
        heads: query heads.
        kv_heads: heads that are cached; fewer than `heads` with grouped queries.
        head_dim: size of a head.
        sliding_layers: layers that see only the last `window` tokens; the others see all.
        window: tokens that a sliding layer sees.
    """

    heads: int
    kv_heads: int
    head_dim: int
    sliding_layers: int = 0
    window: int = 0


@dataclass(frozen=True, slots=True)
class LatentAttention:
    """Multi-head latent attention (DeepSeek): one compressed vector a token and layer is cached.

    Attributes:
        kv_rank: ``kv_lora_rank``, size of the compressed keys and values.
        rope_dim: ``qk_rope_head_dim``, the part of the key that carries the position.
        nope_dim: ``qk_nope_head_dim``.
        value_dim: ``v_head_dim``.
        query_rank: ``q_lora_rank``; 0 where queries are not compressed.
    """

    kv_rank: int = 512
    rope_dim: int = 64
    nope_dim: int = 128
    value_dim: int = 128
    query_rank: int = 0


@dataclass(frozen=True, slots=True)
class Experts:
    """The feed-forward part of a mixture-of-experts model.

    Attributes:
        count: experts a layer.
        active: experts a token goes through.
        intermediate: width of one expert.
        shared: experts that every token goes through besides.
        dense_layers: layers at the start that have one dense feed-forward part instead.
    """

    count: int
    active: int
    intermediate: int
    shared: int = 0
    dense_layers: int = 0


@dataclass(frozen=True, slots=True)
class Quantization:
    """How weights are stored.

    Attributes:
        name: as in the model's name or config: ``awq``, ``fp8`` …
        bits: a weight of the linear layers, its share of scales and zero points included.
        experts_only: whether only the experts are quantized (gpt-oss).
    """

    name: str
    bits: float
    experts_only: bool = False


FULL_PRECISION = Quantization("none", 16.0)
"""bfloat16 or float16."""


@dataclass(frozen=True, slots=True)
class ModelShape:
    """A model's architecture, in the words of its ``config.json``.

    Attributes:
        name: to show.
        layers: ``num_hidden_layers``.
        hidden: ``hidden_size``.
        intermediate: ``intermediate_size`` of a dense feed-forward layer.
        vocab: ``vocab_size``.
        max_length: ``max_position_embeddings``, tokens.
        attention: heads and windows.
        latent: given for models with latent attention.
        experts: given for mixtures of experts.
        tied: whether input and output embeddings are one matrix.
        gated: whether the feed-forward part has a gate (three matrices) or not (two).
        other_parameters: those outside the text model, of a vision tower for instance.
        quantization: how the weights are stored.
        kv_bytes: bytes of a cached number when the server is told ``auto``.
    """

    name: str
    layers: int
    hidden: int
    intermediate: int
    vocab: int
    max_length: int
    attention: Attention
    latent: LatentAttention | None = None
    experts: Experts | None = None
    tied: bool = False
    gated: bool = True
    other_parameters: float = 0.0
    quantization: Quantization = FULL_PRECISION
    kv_bytes: int = 2

    @property
    def embedding_parameters(self) -> int:
        """Weights of the embeddings, which quantization leaves alone."""
        return self.vocab * self.hidden * (1 if self.tied else 2)

    @property
    def attention_parameters(self) -> int:
        """Weights of the attention of all layers."""
        if self.latent is None:
            return self.layers * self._grouped_attention()
        return self.layers * self._latent_attention(self.latent)

    def _grouped_attention(self) -> int:
        of = self.attention
        return self.hidden * of.head_dim * (2 * of.heads + 2 * of.kv_heads)

    def _latent_attention(self, of: LatentAttention) -> int:
        queries = self.attention.heads * (of.nope_dim + of.rope_dim)
        compressed = of.query_rank * (self.hidden + queries)
        query = compressed or self.hidden * queries
        down = self.hidden * (of.kv_rank + of.rope_dim)
        up = of.kv_rank * self.attention.heads * (of.nope_dim + of.value_dim)
        return query + down + up + self.attention.heads * of.value_dim * self.hidden

    @property
    def dense_parameters(self) -> int:
        """Weights of the feed-forward layers that are no experts."""
        layers = self.layers if self.experts is None else self.experts.dense_layers
        return layers * self._matrices * self.hidden * self.intermediate

    @property
    def expert_parameters(self) -> int:
        """Weights of all experts, shared ones and routers included."""
        of = self.experts
        if of is None:
            return 0
        expert = self._matrices * self.hidden * of.intermediate
        return (self.layers - of.dense_layers) * ((of.count + of.shared) * expert)

    @property
    def parameters(self) -> float:
        """All weights; norms and biases, under 0.1 %, are left out."""
        linear = self.attention_parameters + self.dense_parameters + self.expert_parameters
        return self.embedding_parameters + linear + self.other_parameters

    @property
    def _matrices(self) -> int:
        return 3 if self.gated else 2
