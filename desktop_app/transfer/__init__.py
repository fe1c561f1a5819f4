"""Files from elsewhere: continued where they were broken off, and checked by their hash. For `engine` and `hub`."""
