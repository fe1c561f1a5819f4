"""The one way to talk to a running engine: an OpenAI client over its private Unix socket."""
