"""Text out of documents that nobody trusts: a child program with limits reads them."""
