"""A tiny Qwen2 for vLLM's `--load-format dummy`: a configuration and a tokenizer, no weights.

Usage: vllm_tiny_model.py OUT

It says nothing of any worth, at thousands of tokens a second, which is all that tests of a server
need. The tokenizer is trained on the manual and the library that come with Python, so nothing is
downloaded; English speech takes about a fifth more tokens than with Qwen's own.
"""

import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from pydoc_data.topics import topics

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GenerationConfig, PreTrainedTokenizerFast, Qwen2Config

VOCABULARY = 16_384
CONTEXT = 32_768
END_OF_TEXT, TURN, END_OF_TURN = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    f"{TURN}{{{{ message.role }}}}\n{{{{ message.content }}}}{END_OF_TURN}\n"
    "{% endfor %}"
    f"{{% if add_generation_prompt %}}{TURN}assistant\n{{% endif %}}"
)


def training_texts() -> Iterator[str]:
    """Prose first (Python's manual), then the standard library's sources."""
    yield from topics.values()
    for source in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        yield source.read_text(encoding="utf-8", errors="replace")


def make_tokenizer() -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END_OF_TEXT, TURN, END_OF_TURN],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(training_texts(), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=END_OF_TURN,
        pad_token=END_OF_TEXT,
        chat_template=CHAT_TEMPLATE,
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
    )


def main(out: Path) -> None:
    tokenizer = make_tokenizer()
    tokenizer.save_pretrained(out)
    end = tokenizer.convert_tokens_to_ids(END_OF_TURN)
    pad = tokenizer.convert_tokens_to_ids(END_OF_TEXT)
    Qwen2Config(
        architectures=["Qwen2ForCausalLM"],
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        dtype="bfloat16",
        bos_token_id=pad,
        eos_token_id=end,
        pad_token_id=pad,
    ).save_pretrained(out)
    GenerationConfig(eos_token_id=end, pad_token_id=pad).save_pretrained(out)
    print(f"{out}: {len(tokenizer)} tokens")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
