"""What all binaries share: flags, the one way to run, pages, yardsticks."""
