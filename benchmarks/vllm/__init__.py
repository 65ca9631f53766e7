"""``make bench-vllm``: the strategies on a real vLLM server on this machine's CPU."""
