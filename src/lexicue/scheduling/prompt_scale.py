"""How many tokens prompts really have, per token counted beforehand.

A client counts with a tokenizer that may not be the model's, and guesses at the chat template; the
server tells the count with every answer.
"""

from __future__ import annotations

__all__ = ["PromptScale"]

_STEP = 0.1
"""Of the difference per answer: prompts of one job are alike, those of several jobs may not be."""

_LEAST, _MOST = 0.5, 2.0
"""A tokenizer that differs more from the one counted with is no tokenizer but a false report."""


class PromptScale:
    """Follows tokens told ÷ tokens counted."""

    def __init__(self) -> None:
        self.factor = 1.0
        """To multiply a counted prompt with."""
        self._is_new = True

    def learn(self, told: int, counted: int) -> None:
        """An answer came back.

        Args:
            told: tokens of its prompt, as the server counts; 0 where it does not tell.
            counted: the same, as counted beforehand; 0 where nobody did.
        """
        if told <= 0 or counted <= 0:
            return
        ratio = min(_MOST, max(_LEAST, told / counted))
        self.factor = ratio if self._is_new else self.factor + _STEP * (ratio - self.factor)
        self._is_new = False
