"""Turns SmolLM2-135M-Instruct's 4-bit GGUF file into a bfloat16 folder: FOLDER_OF_GGUF OUT."""

import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


def main(folder: str, out: str) -> None:
    AutoTokenizer.from_pretrained(folder, gguf_file=FILE).save_pretrained(out)
    model = AutoModelForCausalLM.from_pretrained(
        folder,
        gguf_file=FILE,
        dtype=torch.bfloat16,
        quantization_config=GgufConfig(dequantize=True),
    )
    model.save_pretrained(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
