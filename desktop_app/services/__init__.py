"""The stories: set up, serve a model, hold a conversation, watch the gauges. One observable state each, and verbs."""
