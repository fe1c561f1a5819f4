"""vLLM Desktop: chat with open models on your own computer, served by vLLM."""
