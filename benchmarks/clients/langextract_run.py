"""Extracts with langextract: langextract_run.py FILE BASE_URL MODEL MAX_CHAR_BUFFER PASS...

A pass is "words", "phrases", or "words+phrases" for both in one prompt. Everything that has a
default is left at it (10 workers, batches of 10), but for the chunks' size and the progress bar.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import langextract

TEXT = "She figured it out in the end, which was remarkable."
EXAMPLES = {
    "words": langextract.data.Extraction("word", "remarkable", attributes={"meaning": "놀라운"}),
    "phrases": langextract.data.Extraction(
        "phrase", "figured it out", attributes={"kind": "phrasal_verb", "meaning": "알아내다"}
    ),
}
INSTRUCTIONS = {
    "words": "Task: words. Extract the words worth learning for an adult learner of English at an "
    "intermediate level, with their meaning in Korean. Use exact text. Do not paraphrase.",
    "phrases": "Task: phrases. Extract the phrasal verbs, idioms and fixed expressions worth "
    "learning, with their kind and meaning in Korean. Use exact text. Do not paraphrase.",
}


def main(path: str, base_url: str, model: str, max_char_buffer: str, *passes: str) -> None:
    """Do the whole job and print what came of it."""
    text = Path(path).read_text(encoding="utf-8")
    found = [
        extraction
        for name in passes
        for extraction in extract(text, base_url, model, int(max_char_buffer), name.split("+"))
    ]
    grounded = sum(extraction.char_interval is not None for extraction in found)
    print(json.dumps({"complete": True, "grounded": grounded, "refused": len(found) - grounded}))


def extract(
    text: str, base_url: str, model: str, max_char_buffer: int, tasks: list[str]
) -> list[langextract.data.Extraction]:
    """One pass over the text."""
    document = langextract.extract(
        text,
        prompt_description="\n".join(INSTRUCTIONS[task] for task in tasks),
        examples=[langextract.data.ExampleData(TEXT, [EXAMPLES[task] for task in tasks])],
        config=langextract.factory.ModelConfig(
            model_id=model,
            provider="OpenAILanguageModel",
            provider_kwargs={"base_url": base_url, "api_key": "none"},
        ),
        max_char_buffer=max_char_buffer,
        resolver_params={"suppress_parse_errors": False},
        show_progress=False,
    )
    return document.extractions or []


if __name__ == "__main__":
    main(*sys.argv[1:])
