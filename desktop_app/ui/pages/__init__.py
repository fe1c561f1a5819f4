"""Pages: each draws the state of a service and calls its verbs. No page knows another."""
